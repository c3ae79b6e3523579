"""What is to be sent now: a pure kernel over the open orders of an account."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from orderworks.desk.missed import Missed, MissedPolicy
from orderworks.ledger.orders import OrderMap, OrderRecord
from orderworks.model.order import Remainder
from orderworks.model.state import AT_BROKER, TERMINAL, OrderState
from orderworks.planning.pricing import PriceRule
from orderworks.planning.routing import PRICE_RULE_OF, SWEEP

TOO_LATE = "its horizon ended before it could be sent"

SKIPPED = "missed its time; given up"

ALL_AT_ONCE = Missed()
"""Whatever was missed is worked into the next slice."""

GIVEN_UP = frozenset({Remainder.CANCEL.value, Remainder.SWEEP.value})
"""What becomes of a rest that does not outlast its horizon."""


@dataclass(frozen=True, slots=True)
class Due:
    """An order to send; a slice with the quantity that brings its parent up to its schedule."""

    order: OrderRecord
    quantity: int


@dataclass(frozen=True, slots=True)
class Agenda:
    """``due``: what to send. ``idle``: what was due and has nothing left to do, and why.

    ``smaller``: the parents of which slices were missed and are given up, and by how many shares.
    """

    due: list[Due]
    idle: list[tuple[OrderRecord, str]]
    smaller: list[tuple[OrderRecord, int]] = field(default_factory=list)


def children_of(orders: Iterable[OrderRecord]) -> dict[str, list[OrderRecord]]:
    """The children by parent, each list in the order given."""
    families: dict[str, list[OrderRecord]] = {}
    for order in orders:
        if order.parent_id is not None:
            families.setdefault(order.parent_id, []).append(order)
    return families


def due_now(
    orders: OrderMap,
    now: datetime,
    volume_targets: Mapping[str, int],
    missed: Missed = ALL_AT_ONCE,
) -> Agenda:
    """What is due: slices with catch-up quantities, exits right behind their entries.

    Catch-up = target cumulative - filled - open, so that what earlier slices left unfilled is worked
    into the next one. Where several slices of a parent are due at once, the last stands for as many of
    those before it as the policy for missed ones lets it.

    Args:
        orders: the open orders of the account, and the entries of those that are exits.
        volume_targets: by POV parent, the shares that it may have out by now: it misses nothing.
    """
    agenda = Agenda([], [])
    for order in orders.values():
        if order.parent_id or order.is_worked or order.is_exit or order.state is not OrderState.NEW:
            continue
        if order.ends_at <= now:
            agenda.idle.append((order, TOO_LATE))
        elif order.due_at <= now:
            agenda.due.append(Due(order, order.planned_quantity - order.filled_quantity))
    for parent_id, children in children_of(orders.values()).items():
        ready = ready_slices(children, now)
        if ready:
            target = volume_targets.get(parent_id)
            _release_slice(agenda, orders.get(parent_id), children, ready, now, target, missed)
    return _with_exits(agenda, orders)


def ready_slices(children: Iterable[OrderRecord], now: datetime) -> list[OrderRecord]:
    """The slices of one parent that wait and whose time has come, in their order."""
    return sorted(
        (child for child in children if child.state is OrderState.NEW and child.due_at <= now),
        key=lambda child: child.slice_index,
    )


def _release_slice(
    agenda: Agenda,
    parent: OrderRecord | None,
    children: Sequence[OrderRecord],
    ready: Sequence[OrderRecord],
    now: datetime,
    target: int | None,
    missed: Missed,
) -> None:
    """The last slice that is ready stands for those before it, with what brings its parent up to them."""
    if parent is None:
        agenda.idle.extend((child, "its parent is closed") for child in ready)
        return
    if parent.ends_at <= now:
        agenda.idle.extend((child, TOO_LATE) for child in ready)
        return
    *late, last = ready
    working = _working(children)
    if target is None:
        waiting = [c for c in children if c.state is OrderState.NEW and c.due_at > now]
        gives_up = missed.policy is MissedPolicy.SKIP
        is_sweep = last.route_rule == SWEEP.rule and not gives_up
        count = len(late) if is_sweep else missed.worked_in(parent, late, len(waiting))
        late, left = late[:count], late[count:]
        left_over = sum(c.planned_quantity for c in left)
        to_come = sum(c.planned_quantity for c in waiting)
        quantity = parent.remaining - to_come - left_over - working
        if gives_up and left:
            agenda.idle.extend((child, SKIPPED) for child in left)
            agenda.smaller.append((parent, left_over))
    else:
        quantity = min(parent.quantity, target) - parent.filled_quantity - working
    for earlier in late:
        agenda.idle.append((earlier, f"missed its time; worked into slice {last.slice_index}"))
    if quantity > 0:
        agenda.due.append(Due(last, quantity))
    else:
        agenda.idle.append((last, "nothing left for this slice"))


def _with_exits(agenda: Agenda, orders: OrderMap) -> Agenda:
    """An exit goes out with its entry and is as large; without it, only to protect what it filled."""
    waiting: dict[str, list[OrderRecord]] = {}
    for order in orders.values():
        if order.attached_to is not None and order.state is OrderState.NEW:
            waiting.setdefault(order.attached_to, []).append(order)
    if not waiting:
        return agenda
    due = []
    for one in agenda.due:
        exits = waiting.pop(one.order.client_order_id, [])
        opened = one.order.filled_quantity + one.quantity
        due += [one, *(Due(exit_order, opened) for exit_order in exits)]
    idle = list(agenda.idle)
    for entry, reason in agenda.idle:
        exits = waiting.pop(entry.client_order_id, [])
        idle += [(exit_order, f"its entry was not sent: {reason}") for exit_order in exits]
    for name, exits in waiting.items():
        held = orders.get(name)
        if held is None or held.state is OrderState.NEW:
            continue
        if held.state in TERMINAL and held.filled_quantity == 0:
            idle += [(exit_order, "its entry ended unfilled") for exit_order in exits]
        else:
            due += [Due(exit_order, held.quantity) for exit_order in exits]
    return replace(agenda, due=due, idle=idle)


def leftovers(orders: OrderMap, now: datetime) -> list[str]:
    """What still rests and must give way: to the next slice, or because its horizon is over.

    Slices also give way where they work more than their parent has left. An order whose remainder is
    kept, or follows the touch, goes on resting after its horizon.
    """
    names = oversized(orders)
    for parent_id, children in children_of(orders.values()).items():
        parent = orders.get(parent_id)
        if parent is None or _works_too_much(parent, children):
            continue
        replaced = any(c.state is OrderState.NEW and c.due_at <= now for c in children)
        if replaced or _is_given_up(parent, now):
            names += _resting(children)
    return names + [
        order.client_order_id
        for order in orders.values()
        if order.parent_id is None
        and order.reaches_broker
        and not order.is_exit
        and order.state in AT_BROKER
        and not order.held
        and _is_given_up(order, now)
    ]


def oversized(orders: OrderMap) -> list[str]:
    """The slices that work more than their parent has left; of one that is closed, all.

    So it is where an execution of a slice comes after its end: others have taken its place.
    """
    return [
        name
        for parent_id, children in children_of(orders.values()).items()
        if _works_too_much(orders.get(parent_id), children)
        for name in _resting(children)
    ]


def _works_too_much(parent: OrderRecord | None, children: Iterable[OrderRecord]) -> bool:
    left = 0 if parent is None or parent.state in TERMINAL else parent.remaining
    return _working(children) > left


def _working(children: Iterable[OrderRecord]) -> int:
    """Shares that they may still fill at the broker."""
    return sum(child.remaining for child in children if child.state in AT_BROKER)


def _resting(children: Iterable[OrderRecord]) -> list[str]:
    return [c.client_order_id for c in children if c.state in AT_BROKER and not c.held]


def _is_given_up(order: OrderRecord, now: datetime) -> bool:
    return order.ends_at <= now and order.remainder in GIVEN_UP


def sweeps_due(orders: OrderMap, now: datetime, sweep_before: timedelta) -> list[OrderRecord]:
    """The worked parents whose slices are all out and whose horizon is about to end.

    Not those with a limit of the trader's own: their last slice goes on resting at it, as a sweep
    would either do the same or trade through it. Nor what the broker was to work by itself and did not
    take: it would all be swept at once.
    """
    families = children_of(orders.values())
    return [
        parent
        for parent in orders.values()
        if parent.is_worked
        and parent.remainder == Remainder.SWEEP
        and PRICE_RULE_OF[parent.route_rule] is not PriceRule.GIVEN
        and parent.state not in TERMINAL
        and not (parent.native is not None and parent.state is OrderState.NEW)
        and parent.ends_at - sweep_before <= now < parent.ends_at
        and not any(
            (c.state is OrderState.NEW and c.due_at > now) or c.route_rule == SWEEP.rule
            for c in families.get(parent.client_order_id, [])
        )
    ]
