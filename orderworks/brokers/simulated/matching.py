"""Matching orders against the tape of one symbol: a pure, deterministic kernel.

An order that arrives at time t can trade from the first tape second after t. In each second it
takes liquidity at the opposite touch, or, resting, is traded through; never more than is
displayed, and never more than its participation cap of what traded since it arrived. Prices
are integers, in ten-thousandths of a dollar; times are the tape's integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orderworks.market.tape import SymbolTape

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MatchingTape:
    """One symbol's quotes and trades over a while, merged: a row a second in which anything happened.

    Quotes carry the last known value; ``low``, ``high`` and ``volume`` are 0 where nothing traded.
    ``cumulative_volume`` counts from the start of the tape that this is a part of.
    """

    ts: Ints
    bid: Ints
    ask: Ints
    bid_size: Ints
    ask_size: Ints
    low: Ints
    high: Ints
    volume: Ints
    cumulative_volume: Ints

    @classmethod
    def merge(cls, tape: SymbolTape, after: int, until: int) -> "MatchingTape":
        """What happened with after < ts <= until; of several quotes at one time the last counts."""
        first_quote, end_quote = tape.quote_ts.searchsorted((after, until), side="right").tolist()
        first_bar, end_bar = tape.bar_ts.searchsorted((after, until), side="right").tolist()
        bars = slice(first_bar, end_bar)
        bar_ts = tape.bar_ts[bars]
        ts = np.concatenate([tape.quote_ts[first_quote:end_quote], bar_ts])
        ts.sort(kind="stable")
        ts = ts[_first_of_each(ts)]
        quote_row = tape.quote_ts.searchsorted(ts, side="right") - 1
        known = quote_row >= 0
        first_trade = _first_of_each(bar_ts)
        traded_row = ts.searchsorted(bar_ts[first_trade])

        def quoted(values: Ints) -> Ints:
            standing = np.zeros(len(ts), np.int64)
            standing[known] = values[quote_row[known]]
            return standing

        def traded(values: Ints, combine: np.ufunc) -> Ints:
            spread = np.zeros(len(ts), np.int64)
            spread[traded_row] = combine.reduceat(values[bars], first_trade)
            return spread

        volume = traded(tape.volume, np.add)
        return cls(
            ts=ts,
            bid=quoted(tape.bid),
            ask=quoted(tape.ask),
            bid_size=quoted(tape.bid_size),
            ask_size=quoted(tape.ask_size),
            low=traded(tape.low, np.minimum),
            high=traded(tape.high, np.maximum),
            volume=volume,
            cumulative_volume=volume_until(tape, after) + np.cumsum(volume),
        )


def volume_until(tape: SymbolTape, at: int) -> int:
    """Shares traded up to and including ``at``."""
    return int(tape.volume[: tape.bar_ts.searchsorted(at, side="right")].sum())


@dataclass(slots=True)
class Resting:
    """An order in the book.

    ``limit`` is None for a market order, ``good_until`` (a time of the tape) for one that rests.
    """

    number: int
    is_buy: bool
    quantity: int
    limit: int | None
    volume_at_arrival: int
    filled: int = 0
    good_until: int | None = None

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled


@dataclass(frozen=True, slots=True)
class Execution:
    """One trade of one order: when, how much, at which price."""

    number: int
    ts: int
    quantity: int
    price: int


def match(tape: MatchingTape, book: Sequence[Resting], participation_cap: float) -> list[Execution]:
    """Trades the book, in its order, along the tape; raises each order's ``filled``.

    Args:
        tape: the seconds to go through, all after the arrival of every order in ``book``.
        book: open orders by priority.
        participation_cap: the fraction of the volume since its arrival that an order may take.

    Returns:
        The executions in time order.
    """
    done: list[Execution] = []
    active = [order for order in book if order.remaining > 0]
    if not active or not len(tape.ts):
        return done
    reached = _rows_reached(tape, active)
    seconds = zip(
        tape.ts[reached].tolist(),
        tape.bid[reached].tolist(),
        tape.ask[reached].tolist(),
        tape.bid_size[reached].tolist(),
        tape.ask_size[reached].tolist(),
        tape.low[reached].tolist(),
        tape.high[reached].tolist(),
        tape.volume[reached].tolist(),
        tape.cumulative_volume[reached].tolist(),
        strict=True,
    )
    for ts, bid, ask, bid_size, ask_size, low, high, volume, total in seconds:
        sound = 0 < bid <= ask
        displayed = {True: ask_size if sound else 0, False: bid_size if sound else 0}
        traded = volume
        for order in active:
            allowed = int(participation_cap * (total - order.volume_at_arrival)) - order.filled
            if allowed <= 0 or (order.good_until is not None and ts > order.good_until):
                continue
            touch = ask if order.is_buy else bid
            if sound and _reaches(order, touch):
                quantity = min(order.remaining, allowed, displayed[order.is_buy])
                displayed[order.is_buy] -= quantity
                price = touch
            elif order.limit is not None and traded and _traded_through(order, low, high):
                quantity = min(order.remaining, allowed, traded)
                traded -= quantity
                price = order.limit
            else:
                continue
            if quantity > 0:
                order.filled += quantity
                done.append(Execution(order.number, ts, quantity, price))
        if done and done[-1].ts == ts:
            active = [order for order in active if order.remaining > 0]
            if not active:
                break
    return done


def _first_of_each(ts: Ints) -> Ints:
    """Where each distinct value of an ascending array begins."""
    begins = np.ones(len(ts), np.bool_)
    begins[1:] = ts[1:] != ts[:-1]
    return np.flatnonzero(begins)


def _rows_reached(tape: MatchingTape, book: Sequence[Resting]) -> Ints:
    """The rows that come up to the best-priced order of a side: in no other can anything trade."""
    buys = [order.limit for order in book if order.is_buy and order.limit is not None]
    sells = [order.limit for order in book if not order.is_buy and order.limit is not None]
    if len(buys) + len(sells) < len(book):
        return np.arange(len(tape.ts))
    reached = np.zeros(len(tape.ts), np.bool_)
    if buys:
        traded_below = (tape.volume > 0) & (tape.low < max(buys))
        reached |= (tape.ask <= max(buys)) | traded_below
    if sells:
        reached |= (tape.bid >= min(sells)) | (tape.high > min(sells))
    return np.flatnonzero(reached)


def _reaches(order: Resting, touch: int) -> bool:
    """Whether the order may trade at the opposite touch."""
    if order.limit is None:
        return True
    return touch <= order.limit if order.is_buy else touch >= order.limit


def _traded_through(order: Resting, low: int, high: int) -> bool:
    """Whether the market traded beyond the limit, and at it: a touch alone leaves us in the queue."""
    limit = order.limit or 0
    return low < limit <= high if order.is_buy else low <= limit < high
