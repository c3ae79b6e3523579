"""Small tapes, and books that go along them; times are 1, 2, 3, prices whole units."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from orderworks.brokers.simulated.matching.book import Book
from orderworks.brokers.simulated.matching.journal import Journal
from orderworks.brokers.simulated.matching.reel import Reel
from orderworks.brokers.simulated.matching.resting import Ending, Execution, Happening, Resting
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.market.tape import SymbolTape

QuoteAt = tuple[int, int, int, int, int]
"""Time, bid, ask, bid size, ask size."""
TradeAt = tuple[int, int, int, int]
"""Time, low, high, volume."""
BarAt = tuple[int, int, int, int, int, int]
"""Time, open, high, low, close, volume."""
END = 13
"""Nothing happens any later."""
FREELY = Rules(participation_cap=1.0)


def recorded(quotes: Sequence[QuoteAt], trades: Sequence[TradeAt]) -> SymbolTape:
    """Quotes, and trades that went from their low to their high."""
    return barred([(ts, low, high, low, high, volume) for ts, low, high, volume in trades], quotes)


def barred(bars: Sequence[BarAt], quotes: Sequence[QuoteAt] = ()) -> SymbolTape:
    """Bars, which are a market without quotes unless some are given."""
    quoted = np.array(quotes, np.int64).reshape(-1, 5).T
    traded = np.array(bars, np.int64).reshape(-1, 6).T
    return SymbolTape("A", *quoted, *traded)


def buy(number: int, quantity: int, limit: int | None = None, **rest: Any) -> Resting:
    """An order that came at time 0 unless ``arrived`` says otherwise."""
    return Resting(number, True, quantity, limit, **{"arrived": 0, "volume_at_arrival": 0} | rest)


def sell(number: int, quantity: int, limit: int | None = None, **rest: Any) -> Resting:
    return replace(buy(number, quantity, limit, **rest), is_buy=False)


def book_of(tape: SymbolTape, *orders: Resting, rules: Rules = FREELY, at: int = 0) -> Book:
    """A book that orders have just come to, with groups of their own."""
    book = Book(Reel(tape, session_open=0), rules, at, Journal())
    for order in orders:
        book.add(order)
    return book


def grouped(book: Book, group: str, *orders: Resting) -> None:
    """Adds orders of one group."""
    pool = book.pool(group) or book.open_pool(group, None)
    for order in orders:
        pool.join(order)
    for order in orders:
        book.add(order)


def bracketed(book: Book, entry: Resting, *exits: Resting) -> None:
    """Adds an entry and its exits."""
    book.add(entry)
    pool = book.open_pool(entry.number, entry)
    for one in exits:
        pool.join(one)
    for one in exits:
        book.add(one)


def played(book: Book, until: int = END, stops: Iterable[int] = ()) -> list[Happening]:
    """All that happens up to a time, gone to from stop to stop."""
    happened = []
    for _, stop in pairwise(sorted({book.reached, until, *stops})):
        book.walk(stop)
        happened += book.journal.take_happened()
    return happened


def fills(happened: Iterable[Happening]) -> list[tuple[int, int, int, int]]:
    """(order, time, quantity, price) of every execution."""
    return [
        (one.number, one.ts, one.quantity, one.price)
        for one in happened
        if isinstance(one, Execution)
    ]


def ends(happened: Iterable[Happening]) -> list[tuple[int, int, str, str]]:
    """(order, time, state, reason) of every end."""
    return [
        (one.number, one.ts, one.state.value, one.reason)
        for one in happened
        if isinstance(one, Ending)
    ]


def traded(tape: SymbolTape, *orders: Resting, rules: Rules = FREELY) -> list[tuple[int, ...]]:
    """The executions of orders on a tape."""
    return list(fills(played(book_of(tape, *orders, rules=rules))))
