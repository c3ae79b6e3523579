"""What is to be sent now: a pure kernel over the open orders of an account."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderworks.ledger.orders import OrderMap, OrderRecord
from orderworks.model.state import AT_BROKER, TERMINAL, OrderState
from orderworks.planning.pricing import PriceRule
from orderworks.planning.routing import PRICE_RULE_OF


@dataclass(frozen=True, slots=True)
class Due:
    """An order to send; a slice with the quantity that brings its parent up to its schedule."""

    order: OrderRecord
    quantity: int


@dataclass(frozen=True, slots=True)
class Agenda:
    """``due``: what to send. ``idle``: what was due and has nothing left to do, and why."""

    due: list[Due]
    idle: list[tuple[OrderRecord, str]]


def children_of(orders: Iterable[OrderRecord]) -> dict[str, list[OrderRecord]]:
    """The children by parent, each list in the order given."""
    families: dict[str, list[OrderRecord]] = {}
    for order in orders:
        if order.parent_id is not None:
            families.setdefault(order.parent_id, []).append(order)
    return families


def due_now(orders: OrderMap, now: datetime) -> Agenda:
    """What is due, slices with catch-up quantities.

    Catch-up = target cumulative - filled - open, so that what earlier slices missed is worked
    into the next one. Where several slices of a parent are due at once, the last stands for all.

    Args:
        orders: the open orders of the account.
    """
    agenda = Agenda([], [])
    for order in orders.values():
        if order.parent_id or order.is_worked or order.state is not OrderState.NEW:
            continue
        if order.ends_at <= now:
            agenda.idle.append((order, "its horizon ended before it could be sent"))
        elif order.due_at <= now:
            agenda.due.append(Due(order, order.planned_quantity))
    for parent_id, children in children_of(orders.values()).items():
        parent = orders.get(parent_id)
        waiting = [c for c in children if c.state is OrderState.NEW]
        ready = sorted((c for c in waiting if c.due_at <= now), key=lambda c: c.slice_index)
        if not ready:
            continue
        if parent is None:
            agenda.idle.extend((c, "its parent is closed") for c in ready)
            continue
        if parent.ends_at <= now:
            agenda.idle.extend((c, "its horizon ended before it could be sent") for c in ready)
            continue
        last = ready[-1]
        to_come = sum(c.planned_quantity for c in waiting if c.due_at > now)
        working = sum(c.remaining for c in children if c.state in AT_BROKER)
        quantity = parent.remaining - to_come - working
        for earlier in ready[:-1]:
            agenda.idle.append((earlier, f"missed its time; worked into slice {last.slice_index}"))
        if quantity > 0:
            agenda.due.append(Due(last, quantity))
        else:
            agenda.idle.append((last, "nothing left for this slice"))
    return agenda


def leftovers(orders: OrderMap, now: datetime, *, carry: bool) -> list[str]:
    """The slices that still rest and must give way: a next slice is due, or their horizon is over.

    With ``carry`` the last slice of a parent goes on resting after its horizon.
    """
    names = []
    for parent_id, children in children_of(orders.values()).items():
        parent = orders.get(parent_id)
        if parent is None:
            continue
        replaced = any(c.state is OrderState.NEW and c.due_at <= now for c in children)
        over = parent.ends_at <= now and not carry
        if replaced or over:
            names += [c.client_order_id for c in children if c.state in AT_BROKER]
    return names


def sweeps_due(orders: OrderMap, now: datetime, sweep_before: timedelta) -> list[OrderRecord]:
    """The worked parents whose slices are all out and whose horizon is about to end.

    Not those with a limit of the trader's own: their last slice goes on resting at it, as a sweep
    would either do the same or trade through it.
    """
    families = children_of(orders.values())
    return [
        parent
        for parent in orders.values()
        if parent.is_worked
        and PRICE_RULE_OF[parent.route_rule] is not PriceRule.GIVEN
        and parent.state not in TERMINAL
        and parent.ends_at - sweep_before <= now < parent.ends_at
        and not any(
            c.state is OrderState.NEW or c.route_rule == "SWEEP"
            for c in families.get(parent.client_order_id, [])
        )
    ]
