"""The permission to send: what each order becomes at its quote, committed before its message may leave."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.native import native_algo
from orderworks.desk.releasing import Due
from orderworks.ledger.movements import Release, permit
from orderworks.ledger.orders import OrderRecord
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.order import SIDES, Order, OrderType, TimeInForce
from orderworks.model.state import OrderEvent, transition
from orderworks.planning.pricing import PriceRule, exact_or_none, exact_prices, limit_prices
from orderworks.planning.routing import PRICE_RULE_OF

# A wave is thousands of orders: what they say is looked up in a twentieth of what calling its enum takes.
_TYPES = {str(one): one for one in OrderType}
_TIMES_IN_FORCE = {str(one): one for one in TimeInForce}


@dataclass(frozen=True, slots=True)
class Priced:
    """Orders to send, and what each becomes at its quote: the ledger's row, the broker's message."""

    orders: Sequence[OrderRecord]
    releases: Sequence[Release]
    messages: Sequence[Order]

    @property
    def names(self) -> list[str]:
        return [order.client_order_id for order in self.orders]

    def batches(self, size: int) -> Iterator["Priced"]:
        """The same, at most ``size`` orders at a time."""
        for start in range(0, len(self.orders), size):
            one = slice(start, start + size)
            yield Priced(self.orders[one], self.releases[one], self.messages[one])


async def permit_at(desk: Desk, priced: Priced, at: datetime) -> None:
    """Commits that orders are about to be sent at a market time.

    Raises:
        LeaseLost, KillSwitchThrown, RunCancelled, NotApproved: and nothing was permitted.
    """
    crash_point(CrashPoint.SEND_BEFORE_PERMIT)
    await desk.write(partial(permit, desk.ledger, desk.held_lease, priced.releases, at))
    await desk.written()
    # What the ledger has made of each order as it recorded the attempt.
    for order, release in zip(priced.orders, priced.releases, strict=True):
        order.state, order.held = transition(order.state, OrderEvent.SEND), False
        order.quantity, order.attempts = release.quantity, release.attempt
        order.limit_price = release.limit_price
    crash_point(CrashPoint.SEND_PERMITTED)


def priced_at(desk: Desk, due: Sequence[Due], quotes: pd.DataFrame) -> Priced:
    """What each order becomes at its quote."""
    sent = [one.order for one in due]
    sign = np.array([SIDES[order.side].sign for order in sent], dtype=np.int64)
    bid, ask = quotes["bid"].to_numpy(np.float64), quotes["ask"].to_numpy(np.float64)
    execution = desk.settings.execution
    limits = limit_prices(
        np.array([_price_rule(order) for order in sent], dtype=object),
        sign,
        bid,
        ask,
        offset_pct=execution.limit_offset_pct,
        collar_pct=execution.max_slippage_pct,
    )
    priced = [
        order.limit_price if limit is None else limit
        for order, limit in zip(sent, exact_or_none(limits), strict=True)
    ]
    releases = [
        Release(
            one.order.client_order_id,
            one.quantity,
            one.order.order_type,
            price,
            bid_money,
            ask_money,
            one.order.attempts + 1,
        )
        for one, price, bid_money, ask_money in zip(
            due, priced, exact_prices(bid), exact_prices(ask), strict=True
        )
    ]
    messages = [_message(one, price) for one, price in zip(due, priced, strict=True)]
    return Priced(sent, releases, messages)


def _message(due: Due, limit_price: Decimal | None) -> Order:
    """The order as the broker is sent it."""
    order = due.order
    return Order(
        order.client_order_id,
        order.account,
        order.symbol,
        SIDES[order.side],
        due.quantity,
        _TYPES[order.order_type],
        limit_price,
        _TIMES_IN_FORCE[order.tif],
        order.stop_price,
        order.trail_amount,
        order.trail_percent,
        order.good_till,
        order.oca_group,
        order.attached_to,
        native_algo(order),
    )


def _price_rule(order: OrderRecord) -> PriceRule:
    """The rule that prices an order now; one that was sent before keeps the price of then."""
    if order.order_type == OrderType.MARKET or order.attempts > 0:
        return PriceRule.NONE
    return PRICE_RULE_OF[order.route_rule]
