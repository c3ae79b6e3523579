"""The orders that are still in the running, as typed columns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.model.order import Side
from orderworks.model.quote import QuoteProblem
from orderworks.planning.risk.columns import (
    BoolColumn,
    FloatColumn,
    IntColumn,
    TextColumn,
    TimeColumn,
    whole,
)

Kind = TypeVar("Kind", bound=np.generic)

REQUIRED_COLUMNS = (
    "strategy",
    "symbol",
    "side",
    "quantity",
    "decision_price",
    "bid",
    "ask",
    "bid_size",
    "ask_size",
    "quote_ts",
    "quote_problem",
    "adv",
    "holdings",
    "open_buys",
    "open_sells",
)


class MarginAnswer(IntEnum):
    """What came of asking the broker what an order would do to the margin."""

    NOT_ASKED = 0
    TOLD = 1
    REFUSED = 2  # it would not take the order
    UNKNOWN = 3  # it was asked and did not tell


@dataclass(frozen=True)
class Candidates:
    """n orders, in the table's order. Quantities are shares, prices money a share.

    ``symbols`` and ``strategies`` hold the names; a row holds its code in them. All other fields
    are (n,). ``problem`` is the quote's problem as the market part reported it, None = sound.
    ``holdings``, ``open_buys`` and ``open_sells`` are the account's before the table's first order:
    rows of one symbol agree on them, and what earlier rows change is added here. ``margin_answer`` to
    ``margin_words`` are what the broker said of the margin: money, NaN where it said nothing; they
    are in the table only where it was asked.
    """

    symbols: TextColumn
    strategies: TextColumn
    symbol: IntColumn
    strategy: IntColumn
    buy: BoolColumn
    quantity: IntColumn
    price: FloatColumn
    bid: FloatColumn
    ask: FloatColumn
    bid_size: FloatColumn
    ask_size: FloatColumn
    quote_ts: TimeColumn
    problem: TextColumn
    adv: FloatColumn
    holdings: IntColumn
    open_buys: IntColumn
    open_sells: IntColumn
    margin_answer: IntColumn
    margin_needed: FloatColumn
    margin_available: FloatColumn
    margin_maintenance: FloatColumn
    margin_commission: FloatColumn
    margin_words: TextColumn

    @classmethod
    def from_frame(cls, orders: pd.DataFrame) -> "Candidates":
        """Takes the columns that the rules read; others may stand beside them.

        Raises:
            ValueError: naming a column that is missing, or that holds what it cannot.
        """
        missing = [name for name in REQUIRED_COLUMNS if name not in orders.columns]
        if missing:
            raise ValueError(f"the orders lack the columns {', '.join(missing)}")
        strategy, strategies = pd.factorize(orders["strategy"])
        symbol, symbols = pd.factorize(orders["symbol"])
        side = orders["side"]
        buy = _flags(side == Side.BUY)
        problem, problems = pd.factorize(orders["quote_problem"])
        quantity = _shares(orders, "quantity")
        _refuse_where(strategy < 0, "strategy must be named")
        _refuse_where(symbol < 0, "symbol must be named")
        _refuse_where(~buy & ~_flags(side == Side.SELL), "side must be 'buy' or 'sell'")
        _refuse_where(quantity <= 0, "quantity must be positive")
        unknown = set(problems) - set(QuoteProblem)
        if unknown:
            raise ValueError(f"quote_problem must be a QuoteProblem or None, not {unknown.pop()}")
        # Code -1 is "no problem": it takes the last element.
        problem_names = np.array([*map(QuoteProblem, problems), None], dtype=object)
        return cls(
            symbols=np.asarray(symbols, dtype=object),
            strategies=np.asarray(strategies, dtype=object),
            symbol=symbol.astype(np.int64),
            strategy=strategy.astype(np.int64),
            buy=buy,
            quantity=quantity,
            price=_numbers(orders, "decision_price"),
            bid=_numbers(orders, "bid"),
            ask=_numbers(orders, "ask"),
            bid_size=_numbers(orders, "bid_size"),
            ask_size=_numbers(orders, "ask_size"),
            quote_ts=_times(orders, "quote_ts"),
            problem=problem_names[problem],
            adv=_numbers(orders, "adv"),
            holdings=_of_account(orders, "holdings", symbol),
            open_buys=_of_account(orders, "open_buys", symbol),
            open_sells=_of_account(orders, "open_sells", symbol),
            margin_answer=_if_asked(orders, "margin_answer", MarginAnswer.NOT_ASKED, np.int64),
            margin_needed=_if_asked(orders, "margin_needed", np.nan, np.float64),
            margin_available=_if_asked(orders, "margin_available", np.nan, np.float64),
            margin_maintenance=_if_asked(orders, "margin_maintenance", np.nan, np.float64),
            margin_commission=_if_asked(orders, "margin_commission", np.nan, np.float64),
            margin_words=_if_asked(orders, "margin_words", "", np.object_),
        )

    def __len__(self) -> int:
        return self.quantity.size

    def keep(self, rows: BoolColumn) -> "Candidates":
        """The orders at ``rows`` (n,), in the same order."""
        names = {"symbols", "strategies"}
        columns = [column.name for column in fields(self) if column.name not in names]
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def symbol_among(self, chosen: Collection[str]) -> BoolColumn:
        """Which rows trade one of the ``chosen`` symbols."""
        # As a rule none is chosen.
        if not chosen:
            return np.zeros(len(self), dtype=np.bool_)
        return np.array([name in chosen for name in self.symbols], dtype=np.bool_)[self.symbol]

    def shares_from(self, book: Mapping[str, int]) -> IntColumn:
        """What ``book`` says of each row's symbol; 0 where it is silent."""
        if not book:
            return np.zeros(len(self), dtype=np.int64)
        return np.array([book.get(name, 0) for name in self.symbols], dtype=np.int64)[self.symbol]

    @cached_property
    def notional(self) -> FloatColumn:
        """Quantity x decision price: money."""
        return self.quantity * self.price

    @cached_property
    def mid(self) -> FloatColumn:
        return (self.bid + self.ask) / 2

    @cached_property
    def signed(self) -> IntColumn:
        """The quantity, positive to buy and negative to sell."""
        return np.where(self.buy, self.quantity, -self.quantity)

    @cached_property
    def bought(self) -> IntColumn:
        """The quantity of a buy, 0 at a sell."""
        return np.where(self.buy, self.quantity, 0)

    @cached_property
    def sold(self) -> IntColumn:
        """The quantity of a sell, 0 at a buy."""
        return np.where(self.buy, 0, self.quantity)

    @cached_property
    def least_held(self) -> IntColumn:
        """The lowest position that holdings and open orders can come to, whichever of them fill."""
        return self.holdings - self.open_sells

    @cached_property
    def most_held(self) -> IntColumn:
        """The highest position that holdings and open orders can come to."""
        return self.holdings + self.open_buys

    @cached_property
    def lowest(self) -> IntColumn:
        """``least_held``, and every earlier sell of the symbol in this table filled."""
        return self.least_held - self._earlier(self.sold)

    @cached_property
    def highest(self) -> IntColumn:
        """``most_held``, and every earlier buy of the symbol in this table filled."""
        return self.most_held + self._earlier(self.bought)

    @cached_property
    def opening(self) -> IntColumn:
        """The shares of each order that can open or enlarge a position, in the worst case."""
        long: IntColumn = np.maximum(self.highest + self.bought, 0) - np.maximum(self.highest, 0)
        short: IntColumn = np.minimum(self.lowest, 0) - np.minimum(self.lowest - self.sold, 0)
        return long + short

    @cached_property
    def reducing(self) -> BoolColumn:
        """Which orders can only bring a position closer to zero, whatever else fills."""
        return np.equal(self.opening, 0)

    @cached_property
    def growth(self) -> IntColumn:
        """How much each order changes |position|, in shares, in the worst case."""
        furthest = np.where(self.buy, self.highest, self.lowest)
        return np.abs(furthest + self.signed) - np.abs(furthest)

    def _earlier(self, shares: IntColumn) -> IntColumn:
        """What the rows above trade in the same symbol."""
        if not len(self) or np.bincount(self.symbol).max() == 1:
            return np.zeros(len(self), dtype=np.int64)
        through = pd.Series(shares).groupby(self.symbol, sort=False).cumsum()
        return np.asarray(through, dtype=np.int64) - shares


def _refuse_where(wrong: BoolColumn, rule: str) -> None:
    if wrong.any():
        raise ValueError(f"{rule}; row {int(wrong.argmax())} of the orders is not so")


def _flags(column: "pd.Series[bool]") -> BoolColumn:
    return np.asarray(column, dtype=np.bool_)


def _numbers(orders: pd.DataFrame, name: str) -> FloatColumn:
    try:
        return orders[name].to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers: {error}") from None


def _shares(orders: pd.DataFrame, name: str) -> IntColumn:
    numbers = _numbers(orders, name)
    _refuse_where(~(np.rint(numbers) == numbers), f"{name} must be whole shares")
    return whole(numbers)


def _of_account(orders: pd.DataFrame, name: str, symbol: NDArray[np.intp]) -> IntColumn:
    shares = _shares(orders, name)
    of_symbol = np.zeros(int(symbol.max(initial=-1)) + 1, dtype=np.int64)
    of_symbol[symbol] = shares
    differs = of_symbol[symbol] != shares
    _refuse_where(differs, f"{name} must be the account's, one number for all rows of a symbol")
    return shares


def _if_asked(
    orders: pd.DataFrame, name: str, otherwise: object, kind: type[Kind]
) -> NDArray[Kind]:
    """A column that there is only where the broker was asked."""
    if name in orders:
        return orders[name].to_numpy(kind)
    return np.full(len(orders), otherwise, dtype=kind)


def _times(orders: pd.DataFrame, name: str) -> TimeColumn:
    try:
        times = pd.DatetimeIndex(pd.to_datetime(orders[name], utc=True))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold times: {error}") from None
    return times.tz_localize(None).to_numpy()
