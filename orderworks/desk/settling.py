"""Making room and cleaning up: leftovers cancelled, rests swept, finished parents closed."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from orderworks.desk.booking import Booking, move
from orderworks.desk.desk import Desk
from orderworks.desk.exits import exits_of
from orderworks.desk.releasing import children_of, leftovers, sweeps_due
from orderworks.desk.reports import cancel, record
from orderworks.ledger.movements import add_orders
from orderworks.ledger.orders import OrderMap, OrderRecord, orders_by_id, orders_of_parents
from orderworks.ledger.runs import run_key_of
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.ids import client_order_id
from orderworks.model.order import Remainder
from orderworks.model.state import AT_BROKER, TERMINAL, OrderEvent, OrderState
from orderworks.planning.routing import SWEEP

log = logging.getLogger(__name__)


async def settle_leftovers(desk: Desk, orders: OrderMap) -> int:
    """Cancels what must give way and books what came of it; returns how many."""
    names = leftovers(orders, desk.clock.now())
    await cancel(desk, names, orders)
    return len(names)


def sweep_before(desk: Desk) -> timedelta:
    """How long before the end of its horizon what is left of a worked parent is swept."""
    return timedelta(seconds=desk.settings.execution.sweep_seconds)


async def plan_sweeps(desk: Desk, orders: OrderMap) -> int:
    """Adds a sweep for the rest of each worked parent whose horizon is about to end."""
    now = desk.clock.now()
    parents = sweeps_due(orders, now, sweep_before(desk))
    resting = [
        child.client_order_id
        for parent in parents
        for child in children_of(orders.values()).get(parent.client_order_id, [])
        if child.state in AT_BROKER and not child.held
    ]
    await cancel(desk, resting, orders)
    added: list[OrderRecord] = []
    for parent in parents:
        if parent.state in TERMINAL:
            continue
        run_key = run_key_of(desk.ledger, parent.run_id)
        sweep = _sweep_of(parent, run_key, _next_index(desk, parent), now)
        added += [sweep, *exits_of(sweep, parent, run_key)]
    add_orders(desk.ledger, desk.held_lease, added)
    if added:
        crash_point(CrashPoint.SWEEP_PLANNED)
    orders |= orders_by_id(desk.ledger, [one.client_order_id for one in added])
    return len(added)


def _sweep_of(parent: OrderRecord, run_key: str, index: int, now: datetime) -> OrderRecord:
    name = client_order_id(
        parent.account, run_key, parent.strategy, parent.symbol, parent.side, "sweep"
    )
    return replace(
        parent,
        client_order_id=name,
        parent_id=parent.client_order_id,
        slice_index=index,
        planned_quantity=parent.remaining,
        quantity=parent.remaining,
        filled_quantity=0,
        route_rule=SWEEP.rule,
        order_type=SWEEP.order_type.value,
        limit_price=None,
        due_at=now,
        native=None,
    )


def retire_parents(desk: Desk, orders: OrderMap, *, whatever_is_to_come: bool = False) -> int:
    """Closes the parents that nothing can happen to any more; returns how many.

    A parent without an open child is done, unless its horizon still has a sweep to come and
    ``whatever_is_to_come`` is not given up.
    """
    crash_point(CrashPoint.PARENTS_BEFORE_RETIRING)
    now = desk.clock.now()
    open_now = [order for order in orders.values() if order.state not in TERMINAL]
    families = children_of(open_now)
    done = [
        order
        for order in open_now
        if order.is_worked
        and order.client_order_id not in families
        and (order.remainder != Remainder.SWEEP or whatever_is_to_come or now >= order.ends_at)
    ]
    closed = children_of(orders_of_parents(desk.ledger, [p.client_order_id for p in done]))
    booking = Booking()
    for parent in done:
        _close(booking, parent, closed.get(parent.client_order_id, []), desk)
    record(desk, booking)
    crash_point(CrashPoint.PARENTS_RETIRED)
    return len(done)


def _close(booking: Booking, parent: OrderRecord, children: list[OrderRecord], desk: Desk) -> None:
    """The parent ends as its children did: rejected, expired, or cancelled with what was filled."""
    now = desk.clock.now()
    states = {child.state for child in children}
    last = max(children, key=lambda child: child.slice_index, default=None)
    if parent.state is OrderState.NEW:
        event = OrderEvent.REJECT if OrderState.REJECTED in states else OrderEvent.WITHDRAW
    elif states <= {OrderState.REJECTED} and parent.filled_quantity == 0:
        event = OrderEvent.REJECT
    elif OrderState.EXPIRED in states:
        event = OrderEvent.EXPIRE
    else:
        event = OrderEvent.CANCEL
    reason = last.reason if last is not None else None
    if event is OrderEvent.CANCEL and now >= parent.ends_at:
        # The broker only knows that its last slice was cancelled on request.
        reason = None
    move(booking, parent, event, now, reason or "its horizon ended")


def _next_index(desk: Desk, parent: OrderRecord) -> int:
    slices = orders_of_parents(desk.ledger, [parent.client_order_id])
    return max((child.slice_index for child in slices), default=-1) + 1
