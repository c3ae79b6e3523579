"""New terms for what rests: asked for ahead in the ledger, then of the broker."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

import numpy as np

from orderworks.desk.desk import Desk
from orderworks.desk.readiness import ready_to_leave
from orderworks.desk.reports import take_reports
from orderworks.ledger.movements import Revision, permit_revisions
from orderworks.ledger.orders import OrderMap, OrderRecord
from orderworks.market.quotes import quote_problems
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import PacingRefused
from orderworks.model.order import OrderType, Remainder, Replacement, Side
from orderworks.planning.pricing import PriceRule, exact_or_none, limit_prices
from orderworks.planning.routing import PRICE_RULE_OF

CROSSES = "what is left of it crosses the spread"
FOLLOWS = "it follows the near touch"

REASON_OF = {PriceRule.FAR_COLLAR: CROSSES, PriceRule.NEAR_TOUCH: FOLLOWS}
"""Why an order that is priced anew by a rule is."""


async def reprice(desk: Desk, orders: OrderMap) -> int:
    """Moves the orders whose remainder crosses or follows the touch; returns how many."""
    now = desk.clock.now()
    rules = {name: _rule_of(order, now) for name, order in orders.items() if _may_move(order)}
    moving = [orders[name] for name, rule in rules.items() if rule is not PriceRule.NONE]
    if not moving:
        return 0
    quotes = desk.market.quotes_at(now, [order.symbol for order in moving])
    sound = quote_problems(quotes, now, desk.stale_after).isna().to_numpy()
    quotes = quotes[sound]
    moving = [order for order, fit in zip(moving, sound, strict=True) if fit]
    execution = desk.settings.execution
    limits = limit_prices(
        np.array([rules[order.client_order_id] for order in moving], dtype=object),
        np.array([Side(order.side).sign for order in moving], dtype=np.int64),
        quotes["bid"].to_numpy(np.float64),
        quotes["ask"].to_numpy(np.float64),
        offset_pct=execution.limit_offset_pct,
        collar_pct=execution.max_slippage_pct,
    )
    revisions = [
        Revision(
            Replacement(order.client_order_id, order.quantity, limit, order.stop_price),
            order.revision + 1,
            REASON_OF[rules[order.client_order_id]],
        )
        for order, limit in zip(moving, exact_or_none(limits), strict=True)
        if limit is not None and _moves(order, limit, rules[order.client_order_id])
    ]
    await revise(desk, orders, revisions)
    return len(revisions)


async def revise(desk: Desk, orders: OrderMap, revisions: Sequence[Revision]) -> None:
    """Commits what resting orders are about to become, asks the broker for it, books the answer.

    What it refuses for coming too fast is permitted anew and asked for again.

    Raises:
        LeaseLost, KillSwitchThrown: and nothing was asked for.
    """
    start = 0
    while start < len(revisions):
        ahead = [orders[one.terms.client_order_id].symbol for one in revisions[start:]]
        end = start + await ready_to_leave(desk.broker, ahead)
        batch = revisions[start:end]
        crash_point(CrashPoint.REVISION_BEFORE_PERMIT)
        await desk.write(
            partial(permit_revisions, desk.ledger, desk.held_lease, batch, desk.clock.now())
        )
        await desk.written()
        crash_point(CrashPoint.REVISION_PERMITTED)
        try:
            reports = await desk.broker.replace_orders([one.terms for one in batch])
        except PacingRefused:
            continue
        crash_point(CrashPoint.REVISION_ANSWERED)
        await take_reports(desk, reports, orders)
        await desk.written()
        crash_point(CrashPoint.REVISION_BOOKED)
        start = end


def _may_move(order: OrderRecord) -> bool:
    """Whether it rests at a limit that is ours to choose."""
    return (
        order.is_live
        and not order.held
        and order.reaches_broker
        and order.order_type == OrderType.LIMIT
        and PRICE_RULE_OF[order.route_rule] is not PriceRule.GIVEN
    )


def _moves(order: OrderRecord, limit: Decimal, rule: PriceRule) -> bool:
    """Whether the new limit says something new; one that crosses is never taken back."""
    current = order.limit_price or Decimal(0)
    if rule is PriceRule.FAR_COLLAR:
        return (limit - current) * Side(order.side).sign > 0
    return limit != current


def _rule_of(order: OrderRecord, now: datetime) -> PriceRule:
    if order.cross_at is not None and order.cross_at <= now:
        return PriceRule.FAR_COLLAR
    return PriceRule.NEAR_TOUCH if order.remainder == Remainder.REPRICE else PriceRule.NONE
