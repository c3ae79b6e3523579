"""Quotes from Redis: a stream for each symbol, whose last entry is the quote that stands."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from orderworks.market.data import History
from orderworks.model.corporate_action import CorporateAction
from orderworks.model.errors import MarketDataError
from orderworks.streams.connection import Entry, Redis, RedisUnavailable
from orderworks.streams.entry_ids import last_id_by, moment_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

VALUES = ("bid", "ask", "bid_size", "ask_size")

HELD_SECONDS = 1.0
"""After it did not answer, Redis is not asked again for so long: a run goes on meanwhile."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote as it was added, and since when it is known: by its own time, or the server's if earlier."""

    ts: datetime
    values: tuple[float, ...]


class RedisMarket:
    """A ``MarketData`` that is quoted by Redis; what Redis does not have is ``history``'s.

    While Redis does not answer, the quotes that it gave last stand, and become stale as any do; those of a
    time that has passed are missing.

    Args:
        keys: the stream of a symbol, as ``market:quotes:{symbol}``.

    Raises:
        MarketDataError: later, if Redis does not answer and never did.
    """

    def __init__(self, redis: Redis, keys: str, history: History) -> None:
        self._redis = redis
        self._keys = keys
        self._history = history
        self._last: dict[str, Quoted] = {}
        self._held_until = 0.0

    @property
    def symbols(self) -> frozenset[str]:
        """Those of which a quote was seen."""
        return frozenset(self._last)

    def quotes_at(self, at: datetime, symbols: Sequence[str]) -> pd.DataFrame:
        self._look(at, list(dict.fromkeys(symbols)))
        known = [self._last.get(symbol) for symbol in symbols]
        return _frame(symbols, [q if q and q.ts <= at else None for q in known])

    def quotes_between(
        self, symbol: str, start: datetime, end: datetime, *, prevailing: bool = False
    ) -> pd.DataFrame:
        entries = self._entries_between(symbol, start, end, prevailing)
        quotes = [quoted(entry) for entry in entries]
        return _frame([symbol] * len(quotes), quotes)

    def _entries_between(
        self, symbol: str, start: datetime, end: datetime, prevailing: bool
    ) -> Sequence[Entry]:
        """None while there is no answer: what is measured with them is missing, and can be measured later."""
        if time.monotonic() < self._held_until:
            return []
        key = self._key(symbol)
        try:
            with self._redis.asked() as client:
                before = client.xrevrange(key, last_id_by(start), count=1) if prevailing else []
                since: list[Entry] = client.xrange(key, f"({last_id_by(start)}", last_id_by(end))
        except RedisUnavailable as error:
            self._held_until = time.monotonic() + HELD_SECONDS
            log.warning("quotes of %s are missing: %s", symbol, error)
            return []
        return [*before, *since]

    def _look(self, at: datetime, symbols: Sequence[str]) -> None:
        """Asks for the last quotes; leaves those that are known as they are, if there is no answer."""
        if time.monotonic() < self._held_until:
            return
        try:
            with self._redis.asked() as client:
                pipeline = client.pipeline(transaction=False)
                for symbol in symbols:
                    pipeline.xrevrange(self._key(symbol), last_id_by(at), count=1)
                answers: list[list[Entry]] = pipeline.execute()
        except RedisUnavailable as error:
            if not self._last:
                raise MarketDataError(f"there are no quotes: {error}") from None
            self._held_until = time.monotonic() + HELD_SECONDS
            log.warning("quotes stand still: %s", error)
            return
        found = zip(symbols, answers, strict=True)
        self._last |= {symbol: quoted(entries[0]) for symbol, entries in found if entries}

    def _key(self, symbol: str) -> str:
        return self._keys.replace("{symbol}", symbol)

    def doubtful(self, symbols: Sequence[str]) -> Mapping[str, str]:
        return self._history.doubtful(symbols)

    def lot_sizes(self, symbols: Sequence[str]) -> Mapping[str, int]:
        return self._history.lot_sizes(symbols)

    def not_shortable(self, symbols: Sequence[str]) -> frozenset[str]:
        return self._history.not_shortable(symbols)

    def bars_between(self, symbol: str, start: datetime, end: datetime) -> pd.DataFrame:
        return self._history.bars_between(symbol, start, end)

    def daily_before(self, day: date) -> pd.DataFrame:
        return self._history.daily_before(day)

    def average_daily_volume(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> pd.Series[float]:
        return self._history.average_daily_volume(symbols, before, days)

    def daily_volatility(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> pd.Series[float]:
        return self._history.daily_volatility(symbols, before, days)

    def volume_curve(
        self, symbol: str, start: datetime, end: datetime, slices: int
    ) -> NDArray[np.float64] | None:
        return self._history.volume_curve(symbol, start, end, slices)

    def corporate_actions(self, after: date, until: date) -> Sequence[CorporateAction]:
        return self._history.corporate_actions(after, until)


def quoted(entry: Entry) -> Quoted:
    """An entry as a quote; a side that cannot be read is absent, as one that is not there."""
    entry_id, fields = entry
    added = moment_of(entry_id)
    return Quoted(
        min(added, _time(fields.get("ts")) or added),
        tuple(_number(fields.get(name)) for name in VALUES),
    )


def _time(text: str | None) -> datetime | None:
    """A time with zone; without one, or none at all, there is no telling when that is."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else None


def _number(text: str | None) -> float:
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) and number > 0 else 0.0


def _frame(symbols: Sequence[str], quotes: Sequence[Quoted | None]) -> pd.DataFrame:
    import pandas as pd

    ts = pd.Series([quote and quote.ts for quote in quotes], dtype="datetime64[us, UTC]")
    absent = (math.nan,) * len(VALUES)
    rows = [quote.values if quote else absent for quote in quotes]
    columns = {name: [row[n] for row in rows] for n, name in enumerate(VALUES)}
    frame = {"symbol": pd.array(list(symbols), dtype="str"), "ts": ts, **columns}
    return pd.DataFrame(frame).astype(dict.fromkeys(VALUES, "float64"))
