"""One symbol's tape, wound to where a book needs it: what happened, event by event.

An event is a time at which anything was quoted or traded. Most orders trade at the first one, and
most others wait for a price that few events reach; so events are made one by one as they are
asked for, or only where they reach a price.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orderworks.market.tape import SymbolTape

Ints = NDArray[np.int64]

FIRST_CHUNK, LARGEST_CHUNK = 8, 4096
NEVER = 1 << 62


class Event(NamedTuple):
    """What was quoted at a time, and what had traded since the event before it.

    The quote is the last known one, 0 where there is none; ``volume`` and the prices of trades
    are 0 where nothing traded. ``total`` is the volume of the tape up to here. Orders that came
    by ``admits`` take part: before this time, and where there are only bars, before the bar began.
    """

    ts: int
    bid: int
    ask: int
    bid_size: int
    ask_size: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    total: int
    admits: int

    @property
    def is_sound(self) -> bool:
        """Whether the quote has both sides, and they do not cross."""
        return 0 < self.bid <= self.ask


@dataclass(frozen=True, slots=True)
class Reach:
    """Prices at which something in a book can happen; None where nothing waits on that side.

    Attributes:
        buy, sell: the best limits: the market comes to them from above, from below.
        seen_buy, seen_sell: the best limits that wait for their own side's quote.
        falling, rising: the triggers that a fall comes to first, and a rise.
    """

    buy: int | None = None
    sell: int | None = None
    seen_buy: int | None = None
    seen_sell: int | None = None
    falling: int | None = None
    rising: int | None = None


class Reel:
    """One symbol's tape.

    Args:
        tape: quotes, of which the last of a time counts, and bars, which of one time add up.
        session_open: when a lone bar, a day's, began.
    """

    def __init__(self, tape: SymbolTape, session_open: int = -NEVER) -> None:
        self._tape = _with_one_bar_a_time(tape)
        self._session_open = session_open
        self.is_quoted = len(tape.quote_ts) > 0
        """Whether there are quotes; where there are none, orders trade at the bars' prices."""

    def quote(self, at: int) -> tuple[int, int, int, int]:
        """The quote that stood at a time: bid, ask, bid size, ask size; 0 where there was none."""
        tape = self._tape
        row = bisect_right(tape.quote_ts, at) - 1
        if row < 0:
            return 0, 0, 0, 0
        return (
            int(tape.bid[row]),
            int(tape.ask[row]),
            int(tape.bid_size[row]),
            int(tape.ask_size[row]),
        )

    def next_change(self, at: int) -> int:
        """When the quote that stood at a time, or without quotes the last trade, is followed."""
        ts = self._tape.quote_ts if self.is_quoted else self._tape.bar_ts
        row = bisect_right(ts, at)
        return int(ts[row]) if row < len(ts) else NEVER

    def volume(self, at: int) -> int:
        """Shares traded up to and including a time."""
        return int(self.volumes[bisect_right(self._tape.bar_ts, at)])

    def last_trade(self, at: int) -> int | None:
        """The price of the last trade at a time or before it."""
        row = bisect_right(self._tape.bar_ts, at) - 1
        return int(self._tape.close[row]) if row >= 0 else None

    def last_bar(self, after: int, until: int) -> Event | None:
        """The last event with a trade and after < ts <= until."""
        row = bisect_right(self._tape.bar_ts, until) - 1
        if row < 0 or self._tape.bar_ts[row] <= after:
            return None
        ts = int(self._tape.bar_ts[row])
        return next(self.events(ts - 1, ts))

    def events(self, after: int, until: int) -> Iterator[Event]:
        """Every event with after < ts <= until."""
        tape = self._tape
        first_bar, end_bar = self._bars_between(after, until)
        quotes = _rows(self._quote_columns, *_between(tape.quote_ts, after, until))
        bars = _rows(self._bar_columns, first_bar, end_bar)
        total = int(self.volumes[first_bar])
        standing: tuple[int, ...] = (after, *self.quote(after))
        quote, bar = next(quotes, _END), next(bars, _END)
        while (ts := min(quote[0], bar[0])) != NEVER:
            while quote[0] == ts:
                standing, quote = quote, next(quotes, _END)
            _, bid, ask, bid_size, ask_size = standing
            if bar[0] == ts:
                _, opened, high, low, close, volume, admits = bar
                total += volume
                bar = next(bars, _END)
                yield Event(
                    ts, bid, ask, bid_size, ask_size,
                    opened, high, low, close, volume, total, admits,
                )  # fmt: skip
            else:
                yield Event(ts, bid, ask, bid_size, ask_size, 0, 0, 0, 0, 0, total, ts - 1)

    def reaching(self, after: int, until: int, reach: Reach) -> list[Event]:
        """The events with after < ts <= until at which the market is at one of these prices.

        Of a quote on an order's own side, and of trades, that is when they come; of one on the
        other side, for as long as it stands.
        """
        tape = self._tape
        quotes = slice(*_between(tape.quote_ts, after, until))
        bars = slice(*self._bars_between(after, until))
        bid, ask = tape.bid[quotes], tape.ask[quotes]
        low, high = tape.low[bars], tape.high[bars]
        standing_bid, standing_ask, _, _ = self.quote(after)
        opposite = np.zeros(len(bid), np.bool_)
        stands = False
        traded = np.zeros(len(low), np.bool_)
        if reach.buy is not None:
            opposite |= ask <= reach.buy
            stands |= 0 < standing_ask <= reach.buy
            traded |= low <= reach.buy
        if reach.sell is not None:
            opposite |= bid >= reach.sell
            stands |= standing_bid >= reach.sell
            traded |= high >= reach.sell
        if stands or opposite.any():
            stood = np.concatenate([[stands], opposite])
            traded |= stood[tape.quote_ts[quotes].searchsorted(tape.bar_ts[bars], side="right")]
        quoted = opposite
        if reach.seen_buy is not None:
            quoted |= bid <= reach.seen_buy
        if reach.seen_sell is not None:
            quoted |= ask >= reach.seen_sell
        if reach.falling is not None:
            traded |= low <= reach.falling
        if reach.rising is not None:
            traded |= high >= reach.rising
        return self._events_at(np.union1d(tape.quote_ts[quotes][quoted], tape.bar_ts[bars][traded]))

    def _events_at(self, ts: Ints) -> list[Event]:
        tape = self._tape
        if not len(ts):
            return []
        quote_row = tape.quote_ts.searchsorted(ts, side="right") - 1
        bars_until = tape.bar_ts.searchsorted(ts, side="right")
        traded = np.zeros(len(ts), np.bool_)
        known = bars_until > 0
        traded[known] = tape.bar_ts[bars_until[known] - 1] == ts[known]
        quoted = [_standing(column, quote_row, quote_row >= 0) for column in self._quote_columns]
        bars = [_standing(column, bars_until - 1, traded) for column in self._bar_columns]
        admits = np.where(traded, bars[-1], ts - 1)
        columns = [ts, *quoted[1:], *bars[1:-1], self.volumes[bars_until], admits]
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return [Event(*row) for row in rows]

    @property
    def closes(self) -> tuple[Ints, Ints]:
        """The times of the bars and their last prices."""
        return self._tape.bar_ts, self._tape.close

    @cached_property
    def volumes(self) -> Ints:
        """Shares traded in the first n bars, for every n from 0."""
        volume = self._tape.volume
        counted = np.zeros(len(volume) + 1, np.int64)
        np.cumsum(volume, out=counted[1:])
        return counted

    @cached_property
    def _began(self) -> Ints:
        """By when an order must have come to take part in each bar.

        A bar that comes with quotes is an event like a quote. Without quotes an order trades at
        prices from the whole length of a bar, so it must have come before the bar began: one
        bar's length, the least that lies between two, before it ended.
        """
        ts = self._tape.bar_ts
        if self.is_quoted:
            earlier: Ints = ts - 1
            return earlier
        if len(ts) < 2:
            return np.full(len(ts), self._session_open)
        steps = np.diff(ts)
        began: Ints = ts - steps.min()
        return began

    @cached_property
    def _quote_columns(self) -> tuple[Ints, ...]:
        tape = self._tape
        return tape.quote_ts, tape.bid, tape.ask, tape.bid_size, tape.ask_size

    @cached_property
    def _bar_columns(self) -> tuple[Ints, ...]:
        tape = self._tape
        bars = (tape.bar_ts, tape.open, tape.high, tape.low, tape.close, tape.volume)
        return *bars, self._began

    def _bars_between(self, after: int, until: int) -> tuple[int, int]:
        return _between(self._tape.bar_ts, after, until)


_END = (NEVER, 0, 0, 0, 0)


def _between(ts: Ints, after: int, until: int) -> tuple[int, int]:
    return bisect_right(ts, after), bisect_right(ts, until)


def _rows(columns: Sequence[Ints], begin: int, end: int) -> Iterator[tuple[int, ...]]:
    """Rows begin to end as plain numbers, a few at first and ever more at a time."""
    size = FIRST_CHUNK
    while begin < end:
        stop = min(end, begin + size)
        yield from zip(*(column[begin:stop].tolist() for column in columns), strict=True)
        begin, size = stop, min(4 * size, LARGEST_CHUNK)


def _standing(column: Ints, row: Ints, known: NDArray[np.bool_]) -> Ints:
    """The column at the rows that are known, and 0 elsewhere."""
    values = np.zeros(len(row), np.int64)
    values[known] = column[row[known]]
    return values


def _with_one_bar_a_time(tape: SymbolTape) -> SymbolTape:
    """The tape, the bars of one time added up."""
    if (tape.bar_ts[1:] > tape.bar_ts[:-1]).all():
        return tape
    begins = np.ones(len(tape.bar_ts), np.bool_)
    begins[1:] = tape.bar_ts[1:] != tape.bar_ts[:-1]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(begins)) - 1
    return replace(
        tape,
        bar_ts=tape.bar_ts[first],
        open=tape.open[first],
        high=np.maximum.reduceat(tape.high, first),
        low=np.minimum.reduceat(tape.low, first),
        close=tape.close[last],
        volume=np.add.reduceat(tape.volume, first),
    )
