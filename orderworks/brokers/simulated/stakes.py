"""What an account has at stake, symbol by symbol, kept up with every order, fill and quote.

A change costs what it touches: an order or a fill its own symbol, time going on the symbols that
were quoted anew meanwhile. So judging one more order costs the same however much is held.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import heappop, heappush
from typing import Protocol

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.margin import AccountType, initial, maintenance
from orderworks.brokers.simulated.matching.pools import PoolKey
from orderworks.brokers.simulated.matching.reel import NEVER
from orderworks.brokers.simulated.tapes import Mark
from orderworks.market.tape import microseconds
from orderworks.model.order import Side

NOTHING = Decimal(0)
FINEST = Decimal("0.00000001")
"""What stands for a mark is rounded to this, so that sums of it are exact in any order."""


class Marks(Protocol):
    """Who knows what a share is worth."""

    def mark(self, symbol: str, at: int) -> Mark: ...


@dataclass(slots=True)
class Stake:
    """What the account has in one symbol: shares held, and what resting orders buy and sell.

    ``price`` is the mark, or where that is not known what stands for it. The sums are of money, as
    last valued.
    """

    held: int = 0
    buying: int = 0
    selling: int = 0
    price: Decimal = NOTHING
    is_marked: bool = False
    until: int = NEVER
    worth: Decimal = NOTHING
    required: Decimal = NOTHING
    maintained: Decimal = NOTHING
    plain_buying: int = 0
    plain_selling: int = 0
    plain: dict[int, ExchangeOrder] = field(default_factory=dict)
    tied: dict[int, ExchangeOrder] = field(default_factory=dict)
    """Orders that share their shares with others: those of groups, and exits."""

    @property
    def orders(self) -> Iterator[ExchangeOrder]:
        yield from self.plain.values()
        yield from self.tied.values()

    def count(self, side: Side, quantity: int) -> None:
        """Adds to what plain orders trade on a side."""
        if side is Side.BUY:
            self.plain_buying += quantity
        else:
            self.plain_selling += quantity


NOTHING_AT_STAKE = Stake()


def requirement(
    held: int, buying: int, selling: int, price: Decimal, account_type: AccountType
) -> Decimal:
    """Initial margin of the dearest position that resting orders can lead to."""
    lowest, highest = held - selling, held + buying
    if lowest == highest == 0:
        return NOTHING
    if lowest >= 0:
        return initial(highest, price, account_type)
    if highest <= 0:
        return initial(lowest, price, account_type)
    return max(initial(highest, price, account_type), initial(lowest, price, account_type))


def named_price(order: ExchangeOrder) -> Decimal:
    """The price that an order names, where its symbol was not quoted yet."""
    return order.limit_price or order.stop_price or NOTHING


class Stakes:
    """The stakes of one account, and what they come to.

    Args:
        account: its positions and how far its market has come.
        account_type: whose margin rules hold.
        marks: what shares are worth.

    Attributes:
        worth: of all positions, short ones negative.
        required: initial margin of the dearest positions that the resting orders can lead to.
        maintained: what the positions ask for to be kept.
    """

    def __init__(self, account: ExchangeAccount, account_type: AccountType, marks: Marks) -> None:
        self.worth = self.required = self.maintained = NOTHING
        self.account_type = account_type
        self._account = account
        self._marks = marks
        self._stakes: dict[str, Stake] = {}
        self._counted: dict[int, int] = {}
        self._entries: dict[int, ExchangeOrder] = {}
        self._stale = {symbol for symbol, (shares, _) in account.positions.items() if shares}
        self._due: list[tuple[int, str]] = []
        # All orders of a batch ask at one moment.
        self._reached, self._now = account.reached, microseconds(account.reached)

    @property
    def equity(self) -> Decimal:
        """Cash and the worth of all positions."""
        return self._account.cash + self.worth

    @property
    def is_called(self) -> bool:
        """Whether equity is below what the positions ask for to be kept."""
        return self.equity < self.maintained

    def restore(self, live: Iterable[ExchangeOrder], known: Iterable[ExchangeOrder]) -> None:
        """Takes in orders that rest; ``known`` are others, of which some are their entries."""
        resting = list(live)
        everything = {one.number: one for one in [*known, *resting]}
        for order in resting:
            self.note(order, None if order.entry is None else everything[order.entry])

    def note(self, order: ExchangeOrder, entry: ExchangeOrder | None = None) -> None:
        """Takes note of an order as it is now: received, filled, changed or ended.

        Args:
            entry: of a new exit, the order that it is an exit of.
        """
        if entry is not None:
            self._entries[entry.number] = entry
        now = order.remaining if order.is_live else 0
        before = self._counted.get(order.number, 0)
        stake = self._stakes.get(order.symbol)
        if stake is None:
            stake = self._stakes[order.symbol] = Stake()
        elif now == before and stake.is_marked and not stake.tied:
            return
        self._stale.add(order.symbol)
        if now:
            self._counted[order.number] = now
        else:
            self._counted.pop(order.number, None)
        if order.pool_key is None:
            _keep(stake.plain, order, now)
            stake.count(order.side, now - before)
        else:
            _keep(stake.tied, order, now)

    def entry_of(self, order: ExchangeOrder) -> ExchangeOrder | None:
        """The order that a resting one is an exit of."""
        return None if order.entry is None else self._entries[order.entry]

    def mark(self, symbol: str) -> Decimal | None:
        """What a share is worth now; None where that is not known."""
        return self._marks.mark(symbol, self._tape_time()).price

    def settle(self) -> None:
        """Values what has changed since this was last asked."""
        now = self._tape_time()
        while self._due and self._due[0][0] <= now:
            self._stale.add(heappop(self._due)[1])
        for symbol in self._stale:
            if (stake := self._stakes.get(symbol)) is None:
                stake = self._stakes[symbol] = Stake()
            self._value(symbol, stake, now)
        self._stale.clear()

    def of(self, symbol: str) -> Stake:
        """The stake in a symbol, as it was last settled."""
        return self._stakes.get(symbol, NOTHING_AT_STAKE)

    def shared(self, symbol: str, side: Side, key: PoolKey | None) -> int:
        """What the resting orders of a pool trade on a side: the largest of them."""
        if key is None:
            return 0
        orders = self.of(symbol).tied.values()
        parts = [self._part(one) for one in orders if (one.pool_key, one.side) == (key, side)]
        return max(parts, default=0)

    @contextmanager
    def without(self, order: ExchangeOrder) -> Iterator[None]:
        """Leaves a resting order out for as long as this lasts."""
        stake = self._stakes[order.symbol]
        kept = self._counted.pop(order.number)
        kind = stake.plain if order.pool_key is None else stake.tied
        del kind[order.number]
        if kind is stake.plain:
            stake.count(order.side, -kept)
        self._stale.add(order.symbol)
        self.settle()
        try:
            yield
        finally:
            self.note(order)

    def _tape_time(self) -> int:
        if self._account.reached is not self._reached:
            self._reached = self._account.reached
            self._now = microseconds(self._reached)
        return self._now

    def _value(self, symbol: str, stake: Stake, now: int) -> None:
        self.worth -= stake.worth
        self.required -= stake.required
        self.maintained -= stake.maintained
        held, cost = self._account.positions.get(symbol, (0, NOTHING))
        if not (held or stake.plain or stake.tied):
            del self._stakes[symbol]
            return
        mark = self._marks.mark(symbol, now)
        if mark.until not in (stake.until, NEVER):
            heappush(self._due, (mark.until, symbol))
        stake.until, stake.is_marked = mark.until, mark.price is not None
        stake.price = mark.price or _stand_in(held, cost, stake.orders)
        stake.held = held
        stake.buying, stake.selling = stake.plain_buying, stake.plain_selling
        if stake.tied:
            self._count_tied(stake)
        stake.worth = held * stake.price
        stake.required = requirement(
            held, stake.buying, stake.selling, stake.price, self.account_type
        )
        stake.maintained = maintenance(held, stake.price, self.account_type)
        self.worth += stake.worth
        self.required += stake.required
        self.maintained += stake.maintained

    def _count_tied(self, stake: Stake) -> None:
        """Orders of one pool cancel one another: of each side they count as the largest."""
        largest: dict[tuple[PoolKey | None, Side], int] = {}
        for order in stake.tied.values():
            key = order.pool_key, order.side
            largest[key] = max(largest.get(key, 0), self._part(order))
        for (_, side), quantity in largest.items():
            if side is Side.BUY:
                stake.buying += quantity
            else:
                stake.selling += quantity

    def _part(self, order: ExchangeOrder) -> int:
        """The most that a resting order can trade: an exit, no more than its entry has filled."""
        entry = self.entry_of(order)
        return order.remaining if entry is None else min(order.remaining, entry.closable)


def _keep(orders: dict[int, ExchangeOrder], order: ExchangeOrder, remaining: int) -> None:
    if remaining:
        orders[order.number] = order
    else:
        orders.pop(order.number, None)


def _stand_in(held: int, cost: Decimal, orders: Iterable[ExchangeOrder]) -> Decimal:
    """What a share is taken to be worth before it has a mark: its cost, or the dearest price named."""
    if held:
        return (cost / held).quantize(FINEST)
    return max((named_price(order) for order in orders), default=NOTHING)
