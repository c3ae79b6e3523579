"""Making room at the broker for what reduces a position: its exits give way before it is sent."""

from datetime import datetime
from fractions import Fraction
from math import ceil

from orderworks.desk.desk import Desk
from orderworks.desk.protection import Protected, room_to_make, within_position
from orderworks.desk.releasing import Agenda
from orderworks.desk.reports import cancel
from orderworks.desk.revising import revise
from orderworks.desk.stakes import Holdings
from orderworks.ledger.accounts import booked_portfolio
from orderworks.ledger.corporate_actions import filled_through_splits
from orderworks.ledger.facts import attributed_shares
from orderworks.ledger.movements import Revision
from orderworks.ledger.orders import OrderMap, OrderRecord, orders_attached_to, orders_by_id
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.state import TERMINAL, OrderState

GIVES_WAY = "it gives way to what closes its position"


async def make_room(desk: Desk, orders: OrderMap, agenda: Agenda) -> Agenda:
    """Shrinks the exits of what the agenda is to close, and the agenda to what is left to close.

    Args:
        orders: the account's open orders, which move with what is booked.
    """
    closing = _closing(orders, desk.clock.now())
    exits = [one for one in orders.values() if one.is_exit and one.state not in TERMINAL]
    if not _is_contested(closing, exits, agenda):
        return agenda
    room = room_to_make(closing, _protected(desk, exits), _holdings(desk))
    if room:
        await cancel(desk, room.cancel, orders)
        await revise(
            desk,
            orders,
            [
                Revision(terms, orders[terms.client_order_id].revision + 1, GIVES_WAY)
                for terms in room.replace
            ],
        )
        crash_point(CrashPoint.ROOM_MADE)
    # What the broker did meanwhile counts: an exit may have filled instead of giving way.
    return within_position(agenda, orders.values(), _protected(desk, exits), _holdings(desk))


def _is_contested(closing: list[OrderRecord], exits: list[OrderRecord], agenda: Agenda) -> bool:
    """Whether anything closes beside an exit, or an exit goes out after its entry."""
    sides = {(one.symbol, one.side) for one in exits}
    going = {one.order.client_order_id for one in agenda.due}
    return any((one.symbol, one.side) in sides for one in closing) or any(
        one.order.reduce_only or (one.order.is_exit and one.order.attached_to not in going)
        for one in agenda.due
    )


def with_entries(desk: Desk, orders: OrderMap) -> OrderMap:
    """The orders, and the entries of the exits among them that have yet to be sent."""
    entries = {
        one.attached_to
        for one in orders.values()
        if one.attached_to is not None and one.state is OrderState.NEW
    }
    return orders | orders_by_id(desk.ledger, sorted(entries - orders.keys()), parents_too=False)


def _closing(orders: OrderMap, now: datetime) -> list[OrderRecord]:
    """What may close positions now: parents and orders that are not sliced, due or at work."""
    return [
        order
        for order in orders.values()
        if order.parent_id is None
        and not order.is_exit
        and (order.due_at <= now if order.state is OrderState.NEW else order.state not in TERMINAL)
    ]


def _protected(desk: Desk, exits: list[OrderRecord]) -> list[Protected]:
    entries = sorted({one.attached_to for one in exits if one.attached_to is not None})
    if not entries:
        return []
    attached: dict[str, list[OrderRecord]] = {}
    for one in orders_attached_to(desk.ledger, entries):
        attached.setdefault(str(one.attached_to), []).append(one)
    found = orders_by_id(desk.ledger, entries, parents_too=False)
    everything = [*found, *(one.client_order_id for own in attached.values() for one in own)]
    through_splits = filled_through_splits(desk.ledger, desk.account, everything)

    def filled(order: OrderRecord) -> Fraction:
        return through_splits.get(order.client_order_id, Fraction(order.filled_quantity))

    # A part of a share is never closed.
    return [
        Protected(found[name], tuple(own), int(filled(found[name])) - ceil(sum(map(filled, own))))
        for name, own in attached.items()
    ]


def _holdings(desk: Desk) -> Holdings:
    held = booked_portfolio(desk.ledger, desk.account).positions
    own: dict[str, dict[str, int]] = {}
    for one in attributed_shares(desk.ledger, desk.account):
        own.setdefault(one.symbol, {})[one.strategy] = one.holdings
    return Holdings({symbol: position.quantity for symbol, position in held.items()}, own)
