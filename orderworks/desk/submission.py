"""Sending: price what is due on sound quotes, commit the intent to send, send, book the answer."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd

from orderworks.brokers.adapter import Report
from orderworks.desk.booking import Booking, move
from orderworks.desk.desk import Desk
from orderworks.desk.native import native_algo
from orderworks.desk.quotes import LOOK
from orderworks.desk.readiness import ready_to_leave
from orderworks.desk.releasing import Due
from orderworks.desk.reports import BATCH, record, take_reports
from orderworks.ledger.movements import Release, permit
from orderworks.ledger.orders import OrderMap, OrderRecord
from orderworks.market.quotes import quote_problems
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import PacingRefused
from orderworks.model.order import Order, OrderType, Side, TimeInForce
from orderworks.model.state import OrderEvent, OrderState, transition
from orderworks.planning.pricing import PriceRule, exact_or_none, exact_prices, limit_prices
from orderworks.planning.routing import PRICE_RULE_OF

log = logging.getLogger(__name__)

# A wave is thousands of orders: what they say is looked up in a twentieth of what calling its enum takes.
_SIDES = {str(one): one for one in Side}
_TYPES = {str(one): one for one in OrderType}
_TIMES_IN_FORCE = {str(one): one for one in TimeInForce}


@dataclass(frozen=True, slots=True)
class Sent:
    """How many orders left, and how many were refused because no quote was sound."""

    sent: int
    refused: int

    def __add__(self, more: "Sent") -> "Sent":
        return Sent(self.sent + more.sent, self.refused + more.refused)


async def send(desk: Desk, orders: OrderMap, due: Sequence[Due], wait_until: datetime) -> Sent:
    """Sends what is due; orders without a sound quote wait for one, but not beyond ``wait_until``.

    Args:
        orders: the account's open orders, which move with what is booked.

    Raises:
        LeaseLost, KillSwitchThrown: and nothing more was sent.
    """
    waiting, sent = list(due), 0
    patience = timedelta(seconds=desk.settings.market.quote_wait_seconds)
    give_up = min(desk.clock.now() + patience, wait_until)
    while waiting:
        now = desk.clock.now()
        quotes = desk.market.quotes_at(now, [d.order.symbol for d in waiting])
        problems = quote_problems(quotes, now, desk.stale_after)
        sound = problems.isna().to_numpy()
        if sound.any():
            ready = [d for d, fit in zip(waiting, sound, strict=True) if fit]
            await _send_priced(desk, orders, ready, quotes[sound].reset_index(drop=True))
            sent += len(ready)
        waiting = [d for d, fit in zip(waiting, sound, strict=True) if not fit]
        if not waiting:
            break
        if now >= give_up:
            await desk.written()
            _refuse(desk, waiting, quotes[~sound], problems[~sound], now)
            break
        await desk.clock.sleep_until(min(now + LOOK, give_up))
    return Sent(sent, len(waiting))


async def _send_priced(
    desk: Desk, orders: OrderMap, due: Sequence[Due], quotes: pd.DataFrame
) -> None:
    """Each batch is permitted in one transaction, sent in one call, answered in one booking.

    A batch is permitted only when the one before it has been answered, nothing need be asked for it and
    its messages may leave at once: what stops the account stops it there. What the broker refused for
    coming too fast needs a new permission. The booking of an answer is written while the next batch is
    priced.
    """
    start = 0
    while start < len(due):
        ahead = [one.order.symbol for one in due[start : start + BATCH]]
        end = start + await ready_to_leave(desk.broker, ahead)
        batch = due[start:end]
        messages = await _permit(desk, batch, quotes.iloc[start:end])
        try:
            reports = await desk.broker.submit_orders(messages)
        except PacingRefused as refused:
            await _take_back(desk, [one.order for one in batch], refused)
            continue
        crash_point(CrashPoint.SEND_ANSWERED)
        await take_reports(desk, reports, orders)
        await _mark_silent(desk, [one.order for one in batch], reports)
        start = end
    await desk.written()
    crash_point(CrashPoint.SEND_BOOKED)


async def _permit(desk: Desk, due: Sequence[Due], quotes: pd.DataFrame) -> list[Order]:
    """Commits that a batch is about to be sent; returns the messages that may leave now."""
    at = desk.clock.now()
    releases, messages = _priced(desk, due, quotes)
    # What the ledger makes of each order as it records the attempt.
    for one, release in zip(due, releases, strict=True):
        order = one.order
        order.state, order.held = transition(order.state, OrderEvent.SEND), False
        order.quantity, order.attempts = release.quantity, release.attempt
        order.limit_price = release.limit_price
    crash_point(CrashPoint.SEND_BEFORE_PERMIT)
    await desk.write(partial(permit, desk.ledger, desk.held_lease, releases, at))
    await desk.written()
    crash_point(CrashPoint.SEND_PERMITTED)
    return messages


def _priced(
    desk: Desk, due: Sequence[Due], quotes: pd.DataFrame
) -> tuple[list[Release], list[Order]]:
    """What each order becomes at this quote: the ledger's row and the broker's message."""
    sent = [one.order for one in due]
    sign = np.array([_SIDES[order.side].sign for order in sent], dtype=np.int64)
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
    return releases, [_message(one, price) for one, price in zip(due, priced, strict=True)]


def _message(due: Due, limit_price: Decimal | None) -> Order:
    """The order as the broker is sent it."""
    order = due.order
    return Order(
        order.client_order_id,
        order.account,
        order.symbol,
        _SIDES[order.side],
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


async def _take_back(desk: Desk, sent: Sequence[OrderRecord], refused: PacingRefused) -> None:
    """What the broker did not look at never reached it: it may be sent again."""
    booking = Booking()
    at = desk.clock.now()
    for order in sent:
        move(booking, order, OrderEvent.SILENCE, at, str(refused))
        move(booking, order, OrderEvent.ABSENCE, at, "the broker has taken nothing of the request")
    await desk.write(partial(record, desk, booking))
    await desk.written()


async def _mark_silent(desk: Desk, sent: Sequence[OrderRecord], reports: Sequence[Report]) -> None:
    """What was sent and not answered is unknown until evidence settles it."""
    answered = {report.client_order_id for report in reports}
    unanswered = [order for order in sent if order.client_order_id not in answered]
    if not unanswered:
        return
    names = ", ".join(order.client_order_id for order in unanswered)
    log.warning("no answer for %s; their fate is unknown", names)
    booking = Booking()
    for order in unanswered:
        if order.state is OrderState.PENDING:
            move(booking, order, OrderEvent.SILENCE, desk.clock.now(), "the broker did not answer")
    await desk.write(partial(record, desk, booking))
    await desk.written()
    crash_point(CrashPoint.SILENCE_BOOKED)


def _refuse(
    desk: Desk, due: Sequence[Due], quotes: pd.DataFrame, problems: pd.Series, now: datetime
) -> None:
    """Refuses orders for which no sound quote came in time, with the quote that was seen."""
    booking = Booking()
    for one, bid, ask, problem in zip(due, quotes["bid"], quotes["ask"], problems, strict=True):
        waited = desk.settings.market.quote_wait_seconds
        reason = f"{problem}: bid {bid}, ask {ask} after waiting {waited:g} s for a sound quote"
        move(booking, one.order, OrderEvent.REJECT, now, reason)
    record(desk, booking)
