"""One symbol's tape, wound to where a book needs it: what happened, event by event.

An event is a time at which anything was quoted or traded. Events are made of the tape's arrays for
a stretch of it, all of them or only those that reach a price.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orderworks.brokers.simulated.matching.bars import span_of_a_bar, with_one_bar_a_time
from orderworks.brokers.simulated.matching.event import Event, Reach
from orderworks.market.tape import SymbolTape

Ints = NDArray[np.int64]

NEVER = 1 << 62
NO_QUOTE = (0, 0, 0, 0)
A_FEW = 64
"""Bars that are counted as numbers, and not as an array."""


class Stretch(NamedTuple):
    """The rows of a tape up to a time: those of quotes, and those of bars."""

    quotes: slice
    bars: slice
    until: int


BEGINNING = Stretch(slice(0, 0), slice(0, 0), -NEVER)
"""Of every tape: nothing yet."""
_END = (NEVER, 0, 0, 0, 0)
"""The row behind the last."""


class Reel:
    """One symbol's tape.

    Args:
        tape: quotes, of which the last of a time counts, and bars, which of one time add up.
        session_open: when a lone bar, a day's, began.
    """

    def __init__(self, tape: SymbolTape, session_open: int = -NEVER) -> None:
        self._tape = tape
        # To find one time among these takes half as long as in the arrays that they show.
        self._quote_ts, self._bar_ts = tape.quote_ts.data, tape.bar_ts.data
        self._quote_columns = tape.quote_ts, tape.bid, tape.ask, tape.bid_size, tape.ask_size
        self._bar_columns = (
            tape.bar_ts, tape.open, tape.high, tape.low, tape.close, tape.volume,
        )  # fmt: skip
        # Shares traded in so many bars: most orders of a day ask further on than the last.
        self._bars_counted, self._shares_counted = 0, 0
        self.is_quoted = len(tape.quote_ts) > 0
        """Whether there are quotes; where there are none, orders trade at the bars' prices."""
        # The orders of a batch ask for one moment.
        self._rows_at, self._rows = -NEVER, (0, 0)
        self._asked_at, self._quoted, self._requoted_at = -NEVER, NO_QUOTE, NEVER
        # So long before an event an order must have come to take part in it.
        self._span = 1 if self.is_quoted else span_of_a_bar(self._summed.bar_ts, session_open)

    def quote(self, at: int) -> tuple[int, int, int, int]:
        """The quote that stood at a time: bid, ask, bid size, ask size; 0 where there was none."""
        if at != self._asked_at:
            self._look_up(at)
        return self._quoted

    def next_change(self, at: int) -> int:
        """When the quote that stood at a time, or without quotes the last trade, is followed."""
        if not self.is_quoted:
            return _time_in(self._bar_ts, self._rows_behind(at)[1])
        if at != self._asked_at:
            self._look_up(at)
        return self._requoted_at

    def _rows_behind(self, at: int) -> tuple[int, int]:
        """The rows of the first quote and of the first bar after a time."""
        if at != self._rows_at:
            self._rows = _behind(self._quote_ts, at), _behind(self._bar_ts, at)
            self._rows_at = at
        return self._rows

    def _look_up(self, at: int) -> None:
        row, _ = self._rows_behind(at)
        self._asked_at = at
        self._quoted, self._requoted_at = self._quote_in(row - 1), _time_in(self._quote_ts, row)

    def _quote_in(self, row: int) -> tuple[int, int, int, int]:
        if row < 0:
            return NO_QUOTE
        tape = self._tape
        return (
            tape.bid.item(row),
            tape.ask.item(row),
            tape.bid_size.item(row),
            tape.ask_size.item(row),
        )

    def volume(self, at: int) -> int:
        """Shares traded up to and including a time."""
        return self._volume_before(self._rows_behind(at)[1])

    def _volume_before(self, row: int) -> int:
        if row < self._bars_counted:
            self._bars_counted, self._shares_counted = 0, 0
        if row > self._bars_counted:
            more = self._tape.volume[self._bars_counted : row]
            # A few are added up before an array is asked to.
            self._shares_counted += sum(more.tolist()) if len(more) <= A_FEW else int(more.sum())
            self._bars_counted = row
        return self._shares_counted

    @cached_property
    def _summed(self) -> SymbolTape:
        """The tape, the bars of one time added up."""
        return with_one_bar_a_time(self._tape)

    @cached_property
    def _volumes(self) -> Ints:
        """Shares traded up to each bar of that, with it."""
        volumes: Ints = self._summed.volume.cumsum()
        return volumes

    def last_trade(self, at: int) -> int | None:
        """The price of the last trade at a time or before it."""
        row = self._rows_behind(at)[1] - 1
        return int(self._tape.close[row]) if row >= 0 else None

    def last_bar(self, after: int, until: int) -> Event | None:
        """The last event with a trade and after < ts <= until."""
        row = _behind(self._bar_ts, until) - 1
        if row < 0 or self._bar_ts[row] <= after:
            return None
        ts = self._bar_ts[row]
        return self.events(self.stretch(ts - 1, ts))[0]

    def stretch(self, after: int, until: int) -> Stretch:
        """The rows with after < ts <= until."""
        quote, bar = self._rows_behind(after)
        next_quote, next_bar = self._rows_behind(until)
        return Stretch(slice(quote, next_quote), slice(bar, next_bar), until)

    def following(self, stretch: Stretch, size: int) -> Stretch:
        """About so many of the rows that follow a stretch."""
        quote_ts, bar_ts = self._quote_ts, self._bar_ts
        quote, bar = stretch.quotes.stop, stretch.bars.stop
        until = min(_time_in(quote_ts, quote + size - 1), _time_in(bar_ts, bar + size - 1))
        return Stretch(
            slice(quote, _behind_near(quote_ts, until, quote, size)),
            slice(bar, _behind_near(bar_ts, until, bar, size)),
            until,
        )

    def events(self, stretch: Stretch) -> list[Event]:
        """Every event of a stretch."""
        quote_rows = _numbers(self._quote_columns, stretch.quotes)
        bar_rows = _numbers(self._bar_columns, stretch.bars)
        quote, bar = next(quote_rows, _END), next(bar_rows, _END)
        total = self._volume_before(stretch.bars.start)
        bid, ask, bid_size, ask_size = self._quote_in(stretch.quotes.start - 1)
        events = []
        while (ts := min(quote[0], bar[0])) != NEVER:
            while quote[0] == ts:
                _, bid, ask, bid_size, ask_size = quote
                quote = next(quote_rows, _END)
            if bar[0] == ts:
                _, opened, high, low, close, volume = bar
                while (bar := next(bar_rows, _END))[0] == ts:
                    _, _, higher, lower, close, more = bar
                    high, low, volume = max(high, higher), min(low, lower), volume + more
                total += volume
            else:
                opened = high = low = close = volume = 0
            events.append(
                Event(
                    ts, bid, ask, bid_size, ask_size,
                    opened, high, low, close, volume, total, ts - self._span,
                )
            )  # fmt: skip
        return events

    def times_reaching(self, stretch: Stretch, reach: Reach) -> Ints:
        """The times in a stretch of the events at which the market is at one of these prices.

        Of a quote on an order's own side, and of trades, that is when they come; of one on the
        other side, for as long as it stands.
        """
        tape = self._tape
        quotes, bars, _ = stretch
        bid, ask = tape.bid[quotes], tape.ask[quotes]
        low, high = tape.low[bars], tape.high[bars]
        standing_bid, standing_ask, _, _ = self._quote_in(quotes.start - 1)
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
        times: Ints = np.union1d(tape.quote_ts[quotes][quoted], tape.bar_ts[bars][traded])
        return times

    def events_at(self, ts: Ints) -> list[Event]:
        """The events at these times."""
        tape = self._summed
        if not len(ts):
            return []
        quote_row = tape.quote_ts.searchsorted(ts, side="right") - 1
        bars_until = tape.bar_ts.searchsorted(ts, side="right")
        traded = np.zeros(len(ts), np.bool_)
        known = bars_until > 0
        traded[known] = tape.bar_ts[bars_until[known] - 1] == ts[known]
        quoted = [_standing(column, quote_row, quote_row >= 0) for column in self._quote_columns]
        bars = [
            _standing(column, bars_until - 1, traded)
            for column in (tape.open, tape.high, tape.low, tape.close, tape.volume)
        ]
        totals = _standing(self._volumes, bars_until - 1, known)
        columns = [ts, *quoted[1:], *bars, totals, ts - self._span]
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return [Event(*row) for row in rows]

    @property
    def closes(self) -> tuple[Ints, Ints]:
        """The times of the bars and their last prices."""
        return self._summed.bar_ts, self._summed.close


_behind = bisect_right
"""The row of the first time after this one."""


def _behind_near(ts: memoryview, at: int, row: int, size: int) -> int:
    """The same, which is not before a row, and most likely at most so many rows behind it."""
    end = row + size
    if end < len(ts) and ts[end] <= at:
        return _behind(ts, at, end)
    return _behind(ts, at, row, min(end, len(ts)))


def _time_in(ts: memoryview, row: int) -> int:
    return ts[row] if row < len(ts) else NEVER


def _numbers(columns: Sequence[Ints], rows: slice) -> Iterator[tuple[int, ...]]:
    """Rows as plain numbers."""
    if rows.stop - rows.start == 1:
        # To take a slice of each column takes twice as long.
        return iter([tuple([column.item(rows.start) for column in columns])])
    return zip(*[column[rows].tolist() for column in columns], strict=True)


def _standing(column: Ints, row: Ints, known: NDArray[np.bool_]) -> Ints:
    """The column at the rows that are known, and 0 elsewhere."""
    values = np.zeros(len(row), np.int64)
    values[known] = column[row[known]]
    return values
