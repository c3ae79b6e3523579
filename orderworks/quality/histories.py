"""What a session's market did, symbol by symbol, as arrays that many questions are answered from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.market.calendar import NEW_YORK, Session, latest_session
from orderworks.market.data import MarketData
from orderworks.market.quotes import quote_problems
from orderworks.market.tape import EPOCH, microseconds

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

LOOKBACK = timedelta(days=1)
"""Every order of a session sees the same history, whichever orders it is measured with."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Quotes and trades of one symbol. Times are microseconds; ``sound`` marks the quotes with
    two sides that do not cross; ``traded`` are the ends of bars that have volume."""

    quoted: Integers
    bid: Floats
    ask: Floats
    sound: NDArray[np.bool_]
    traded: Integers
    opened: Floats
    typical: Floats
    close: Floats
    volume: Floats

    @classmethod
    def of(cls, quotes: pd.DataFrame, bars: pd.DataFrame, at: datetime) -> History:
        # A quote that stands does not age here: staleness is a rule for pricing from it.
        problems = quote_problems(quotes, at, stale_after=at - EPOCH)
        volume = bars["volume"].to_numpy(np.float64)
        some = volume > 0
        opened, high, low, close = (
            bars[name].to_numpy(np.float64)[some] for name in ("open", "high", "low", "close")
        )
        return cls(
            quoted=to_microseconds(quotes["ts"]),
            bid=quotes["bid"].to_numpy(np.float64),
            ask=quotes["ask"].to_numpy(np.float64),
            sound=problems.isna().to_numpy(np.bool_),
            traded=to_microseconds(bars["ts"])[some],
            opened=opened,
            typical=(high + low + close) / 3,
            close=close,
            volume=volume[some],
        )

    def sides_at(self, moments: Integers) -> tuple[Floats, Floats]:
        """The bid and the ask of the sound quote that stands at each moment.

        NaN before the first sound quote, and after the last that is known of the symbol: whether a
        quote stood on when the record ends is not known.
        """
        quoted, bid, ask = self.quoted[self.sound], self.bid[self.sound], self.ask[self.sound]
        if not len(quoted):
            return np.full(len(moments), np.nan), np.full(len(moments), np.nan)
        ends = max(self.quoted[-1], self.traded[-1] if len(self.traded) else self.quoted[-1])
        standing = np.searchsorted(quoted, moments, side="right") - 1
        known = (standing >= 0) & (moments <= ends)
        return np.where(known, bid[standing], np.nan), np.where(known, ask[standing], np.nan)

    def mids_at(self, moments: Integers) -> Floats:
        """The middle of what ``sides_at`` returns."""
        bid, ask = self.sides_at(moments)
        return (bid + ask) / 2

    def opening_price(self, session: Session) -> float | None:
        """The first price that was traded in a session; None where none was."""
        first = self._first(session)
        return float(self.opened[first]) if first < len(self.traded) else None

    def closing_price(self, session: Session) -> float | None:
        """The last price that was traded in a session; None where none was."""
        last = int(np.searchsorted(self.traded, microseconds(session.close), side="right")) - 1
        return float(self.close[last]) if last >= self._first(session) else None

    def _first(self, session: Session) -> int:
        return int(np.searchsorted(self.traded, microseconds(session.open), side="right"))


@dataclass(slots=True)
class Histories:
    """The symbols of one session up to a moment; each is asked of the market once.

    Raises MarketDataError, when asked of a symbol, if the market's data cannot be read.
    """

    market: MarketData
    until: datetime
    _known: dict[str, History] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        """The session that ``until`` is in, or the last before it."""
        return latest_session(self.until.astimezone(NEW_YORK).date())

    def of(self, symbol: str) -> History:
        """What is known of a symbol from a day before ``until`` on."""
        if symbol not in self._known:
            since = self.until - LOOKBACK
            quotes = self.market.quotes_between(symbol, since, self.until, prevailing=True)
            bars = self.market.bars_between(symbol, since, self.until)
            self._known[symbol] = History.of(quotes, bars, self.until)
        return self._known[symbol]


def to_microseconds(column: pd.Series[Any]) -> Integers:
    """Times since the epoch; the column has none missing."""
    return column.to_numpy("datetime64[us]").astype(np.int64)
