"""Making room: what closes a position and what protects it never sell more than is held, together.

A pure kernel. Exits rest at the broker for as long as their position does; before an order that
reduces the position is sent, the exits give way by as much, oldest entry first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from orderworks.desk.releasing import Agenda, Due
from orderworks.ledger.orders import OrderRecord
from orderworks.model.order import Replacement, Side
from orderworks.model.state import AT_BROKER

NOTHING_LEFT = "nothing is left of the position that it was to reduce"


@dataclass(frozen=True, slots=True)
class Protected:
    """An entry and the exits that were ever attached to it.

    Attributes:
        open_shares: what the entry has filled and its exits have not closed, in today's shares.
    """

    entry: OrderRecord
    exits: tuple[OrderRecord, ...]
    open_shares: int

    @property
    def live(self) -> list[OrderRecord]:
        """The exits that the broker has or may have."""
        return [one for one in self.exits if one.state in AT_BROKER]

    @property
    def shares(self) -> int:
        """What the exits may still close together."""
        resting = max((one.remaining for one in self.live), default=0)
        return max(0, min(self.open_shares, resting))


@dataclass(frozen=True, slots=True)
class Holdings:
    """Signed shares: of the account by symbol, and of each strategy's own orders."""

    account: Mapping[str, int]
    own: Mapping[tuple[str, str], int]

    def closable(self, order: OrderRecord) -> tuple[int, str | None]:
        """The shares that an order could close, and whose: its strategy's, or (None) the account's.

        A strategy that holds nothing itself closes what the account holds, as a rebalance does.
        """
        held = -Side(order.side).sign
        own = held * self.own.get((order.strategy, order.symbol), 0)
        if own > 0:
            return own, order.strategy
        return max(0, held * self.account.get(order.symbol, 0)), None


@dataclass(frozen=True, slots=True)
class Room:
    """What must be done with exits before reducing orders may be sent."""

    cancel: list[str]
    replace: list[Replacement]

    def __bool__(self) -> bool:
        return bool(self.cancel or self.replace)


def room_to_make(
    closing: Iterable[OrderRecord], protected: Sequence[Protected], holdings: Holdings
) -> Room:
    """How the exits give way to orders that close: all they cover beyond what will still be held.

    Args:
        closing: orders of the other side than the entries, due or at the broker: parents and
            orders that are not sliced.
    """
    room = Room([], [])
    keyed = [
        (order, held, owner)
        for order in closing
        for held, owner in [holdings.closable(order)]
        # What opens a position beside those of other strategies closes none of them.
        if order.reduce_only or owner is not None
    ]

    def key(one: tuple[OrderRecord, int, str | None]) -> tuple[str, str, str]:
        return one[0].symbol, one[0].side, one[2] or ""

    for (symbol, side, owner), group in groupby(sorted(keyed, key=key), key):
        orders = list(group)
        held = orders[0][1]
        left = max(0, held - sum(order.remaining for order, _, _ in orders))
        covers = [
            one
            for one in protected
            if one.live
            and one.entry.symbol == symbol
            and one.entry.side != side
            and owner in ("", one.entry.strategy)
        ]
        excess = sum(one.shares for one in covers) - left
        for one in sorted(covers, key=lambda cover: (cover.entry.due_at, cover.entry.slice_index)):
            cut = min(excess, one.shares)
            if cut > 0:
                excess -= cut
                _shrink(room, one, one.shares - cut)
    return room


def within_position(
    agenda: Agenda,
    orders: Iterable[OrderRecord],
    protected: Sequence[Protected],
    holdings: Holdings,
) -> Agenda:
    """The agenda with reducing orders cut to what they can still reduce.

    An exit may have filled since they were planned: then there is less to close, or nothing.

    Args:
        orders: the open orders of the account.
    """
    if not any(one.order.reduce_only for one in agenda.due):
        return agenda
    free: dict[tuple[str, str, str | None], int] = {}
    working = [o for o in orders if o.reaches_broker and not o.is_exit and o.state in AT_BROKER]
    due, idle = [], list(agenda.idle)
    for one in agenda.due:
        order = one.order
        if not order.reduce_only:
            due.append(one)
            continue
        held, owner = holdings.closable(order)
        key = (order.symbol, order.side, owner)
        if key not in free:
            resting = sum(
                other.remaining
                for other in working
                if (other.symbol, other.side) == (order.symbol, order.side)
                and owner in (None, other.strategy)
            )
            covered = sum(
                cover.shares
                for cover in protected
                if cover.entry.symbol == order.symbol
                and cover.entry.side != order.side
                and owner in (None, cover.entry.strategy)
            )
            free[key] = max(0, held - resting - covered)
        quantity = min(one.quantity, free[key])
        free[key] -= quantity
        if quantity > 0:
            due.append(Due(order, quantity))
        else:
            idle.append((order, NOTHING_LEFT))
    return Agenda(due, idle)


def _shrink(room: Room, protected: Protected, shares: int) -> None:
    for one in protected.live:
        if shares == 0:
            room.cancel.append(one.client_order_id)
        elif one.remaining > shares:
            room.replace.append(
                Replacement(
                    one.client_order_id,
                    one.filled_quantity + shares,
                    one.limit_price,
                    one.stop_price,
                )
            )
