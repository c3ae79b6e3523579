"""What an account was told to have while executions went on, brought to one moment. Pure.

The broker tells the positions at one moment and the cash at another, and an execution that comes between
a question and its answer may be part of the answer or not. So an answer counts for what no execution
touched meanwhile: a symbol's position, or the cash. What was executed afterwards is added to it.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal

from orderworks.brokers.ibkr.executions import execution_key
from orderworks.model.fill import Fill
from orderworks.model.portfolio import Portfolio, Position

NOTHING = Decimal(0)


@dataclass(slots=True)
class Moments:
    """The answers that count so far, each with the executions (their ids) that it knows of."""

    account: str
    _positions: dict[str, tuple[Position | None, Set[str]]] = field(default_factory=dict)
    _others: Set[str] | None = None
    """What the first answer knew of: symbols that it did not name were not held then."""
    _cash: tuple[Decimal, Set[str]] | None = None
    unsettled: set[str] = field(default_factory=set)
    """The symbols of which no answer counts yet."""

    @property
    def has_positions(self) -> bool:
        return self._others is not None and not self.unsettled

    @property
    def has_cash(self) -> bool:
        return self._cash is not None

    def take_positions(
        self, told: Mapping[str, Position], before: Set[str], moved: Set[str]
    ) -> None:
        """Takes an answer in.

        Args:
            told: everything that is held.
            before: the executions that were known when it was asked for.
            moved: the symbols of those that came from then on until nothing of it was on its way.
        """
        if self._others is None:
            self._others, self.unsettled = before, set(moved)
            settled = told.keys() - moved
        else:
            settled = self.unsettled - moved
            self.unsettled &= moved
        for symbol in settled:
            self._positions[symbol] = (told.get(symbol), before)

    def take_cash(self, told: Decimal, before: Set[str], moved: Set[str]) -> None:
        """Takes an answer in, as ``take_positions``; any execution touches the cash."""
        if not moved:
            self._cash = (told, before)

    def portfolio(self, fills: Sequence[Fill]) -> Portfolio:
        """What the account has once all these executions are done.

        Args:
            fills: every execution of the day and its corrections.

        Raises:
            LookupError: before there are positions and cash.
        """
        if self._cash is None or self._others is None or self.unsettled:
            raise LookupError(f"the positions and the cash of {self.account} are not told yet")
        held = {symbol: position for symbol, (position, _) in self._positions.items()}
        cash, counted = self._cash
        for before, after in changes(fills, counted):
            cash += after.cash_change - (NOTHING if before is None else before.cash_change)
        for symbol in {fill.symbol for fill in fills}:
            _, counted = self._positions.get(symbol, (None, self._others))
            own = [fill for fill in fills if fill.symbol == symbol]
            for before, after in changes(own, counted):
                shares = after.side.sign * after.quantity
                shares -= 0 if before is None else before.side.sign * before.quantity
                held[symbol] = moved_by(held.get(symbol), symbol, shares, after.price)
        there = {s: one for s, one in sorted(held.items()) if one is not None and one.quantity}
        return Portfolio(self.account, cash, there)


def changes(fills: Iterable[Fill], counted: Set[str]) -> list[tuple[Fill | None, Fill]]:
    """Each execution that is not counted as it stands: as it is counted, if at all, and as it stands."""
    latest: dict[str, Fill] = {}
    known: dict[str, Fill] = {}
    for fill in sorted(fills, key=lambda one: execution_key(one.exec_id)):
        shared, _ = execution_key(fill.exec_id)
        latest[shared] = fill
        if fill.exec_id in counted:
            known[shared] = fill
    return [(known.get(s), fill) for s, fill in latest.items() if known.get(s) is not fill]


def moved_by(held: Position | None, symbol: str, shares: int, price: Decimal) -> Position:
    """A position after so many shares more, signed; what reduces it leaves its average price."""
    if held is None or held.quantity == 0:
        return Position(symbol, shares, price)
    quantity = held.quantity + shares
    if quantity * held.quantity < 0:
        return Position(symbol, quantity, price)
    if shares * held.quantity > 0:
        paid = held.quantity * held.share_cost + shares * price
        return Position(symbol, quantity, paid / quantity)
    return held._replace(quantity=quantity)
