"""Making room: what closes a position and what protects it never sell more than is held, together.

A pure kernel. Exits rest at the broker for as long as their position does; before an order that
reduces the position is sent, the exits give way by as much, oldest entry first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from orderworks.desk.releasing import Agenda, Due
from orderworks.desk.stakes import Holdings, Stake
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
    def unclosed(self) -> int:
        """What the entry has filled and no exit has closed."""
        return max(0, self.open_shares)

    @property
    def shares(self) -> int:
        """What the exits may still close together."""
        return min(self.unclosed, max((one.remaining for one in self.live), default=0))

    @property
    def closed_by(self) -> tuple[str, str]:
        """The symbol, and the side that closes what the entry opens."""
        return self.entry.symbol, Side(self.entry.side).opposite.value


@dataclass(frozen=True, slots=True)
class Room:
    """What must be done with exits before reducing orders may be sent; each is named once."""

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
    stakes: dict[tuple[str, str], Stake] = {}
    for order in closing:
        stake = _stake(stakes, order, holdings)
        owner = stake.owner_of(order.strategy)
        # What opens a position beside those of other strategies closes none of them.
        if order.reduce_only or owner is not None:
            stake.close(owner, order.remaining)
    giving_way = []
    for one in protected:
        found = stakes.get(one.closed_by)
        if found is None or not one.live:
            continue
        if found.is_closed_for(one.entry.strategy):
            giving_way.append((found, one))
        else:
            found.take(one.entry.strategy, one.shares)
    room = Room([], [])
    # The oldest give way first: what is left is given to the newest first.
    giving_way.sort(key=lambda pair: (pair[1].entry.due_at, pair[1].entry.slice_index))
    for stake, one in reversed(giving_way):
        strategy = one.entry.strategy
        kept = min(one.shares, stake.free(strategy))
        stake.take(strategy, kept)
        if kept < one.shares:
            _shrink(room, one, kept)
    return room


def within_position(
    agenda: Agenda,
    orders: Iterable[OrderRecord],
    protected: Sequence[Protected],
    holdings: Holdings,
) -> Agenda:
    """The agenda with what reduces a position cut to what can still be reduced.

    An exit may have filled since reducing orders were planned: then there is less to close, or
    nothing. An exit that goes out after its entry has filled protects what those leave.

    Args:
        orders: the open orders of the account.
    """
    of_entry = {one.entry.client_order_id: one for one in protected if one.unclosed}
    late = {
        one.order.client_order_id: of_entry[one.order.attached_to]
        for one in agenda.due
        if one.order.attached_to in of_entry
    }
    stakes: dict[tuple[str, str], Stake] = {}
    for one in agenda.due:
        if one.order.reduce_only or one.order.client_order_id in late:
            _stake(stakes, one.order, holdings)
    if not stakes:
        return agenda
    for order in orders:
        stake = stakes.get((order.symbol, order.side))
        if stake is None or order.is_exit or not order.reaches_broker:
            continue
        if order.state in AT_BROKER and order.reduce_only:
            stake.close(stake.owner_of(order.strategy), order.remaining)
        elif order.state in AT_BROKER:
            # What opens leaves the account less to close as well.
            stake.take(order.strategy, order.remaining)
    for cover in protected:
        if cover.closed_by in stakes:
            stakes[cover.closed_by].take(cover.entry.strategy, cover.shares)
    granted = {
        place: _granted(stakes[one.order.symbol, one.order.side], one)
        for place, one in enumerate(agenda.due)
        if one.order.reduce_only
    }
    granted |= _late_exits(agenda, late, stakes)
    due, idle = [], list(agenda.idle)
    for place, one in enumerate(agenda.due):
        quantity = granted.get(place, one.quantity)
        if quantity > 0:
            due.append(Due(one.order, quantity))
        else:
            idle.append((one.order, NOTHING_LEFT))
    return replace(agenda, due=due, idle=idle)


def _stake(stakes: dict[tuple[str, str], Stake], order: OrderRecord, holdings: Holdings) -> Stake:
    key = order.symbol, order.side
    if key not in stakes:
        stakes[key] = holdings.stake(*key)
    return stakes[key]


def _granted(stake: Stake, due: Due) -> int:
    """What a reducing order may close, which is then spoken for."""
    owner = stake.owner_of(due.order.strategy)
    quantity = min(due.quantity, stake.free(owner))
    stake.close(owner, quantity)
    return quantity


def _late_exits(
    agenda: Agenda, late: Mapping[str, Protected], stakes: Mapping[tuple[str, str], Stake]
) -> dict[int, int]:
    """By place, how large an exit is that closes less than its entry has filled."""
    kept: dict[str, int] = {}
    cut = {}
    for place, one in enumerate(agenda.due):
        cover = late.get(one.order.client_order_id)
        if cover is None:
            continue
        entry = cover.entry
        if entry.client_order_id not in kept:
            # Those that rest already share what they cover with it.
            free = stakes[cover.closed_by].free(entry.strategy)
            shares = cover.shares if cover.live else min(cover.unclosed, free)
            kept[entry.client_order_id] = shares
            if not cover.live:
                stakes[cover.closed_by].take(entry.strategy, shares)
        if kept[entry.client_order_id] < cover.unclosed:
            cut[place] = min(one.quantity, kept[entry.client_order_id])
    return cut


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
