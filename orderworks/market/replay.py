"""A recorded session, replayed from disk. Nothing is answered that was not known by then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from orderworks.market import files
from orderworks.market.borrow import BORROW, Lendable, borrowable_on, read_borrow
from orderworks.market.calendar import NEW_YORK, find_session
from orderworks.market.corporate_actions import (
    CORPORATE_ACTIONS,
    actions_between,
    in_todays_shares,
    read_corporate_actions,
)
from orderworks.market.halts import HALTS, Halt, read_halts
from orderworks.market.series import SymbolSeries
from orderworks.market.tape import SymbolTape, microseconds, price_units
from orderworks.model.corporate_action import CorporateAction
from orderworks.model.errors import MarketDataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

QUOTE_VALUES = (*files.SIDES, *files.SIDE_SIZES)
BAR_VALUES = (*files.TRADED, "volume")


class ReplayMarket:
    """The market of one recorded session: a ``RecordedMarket``. Each file is read once, if asked.

    Args:
        directory: market data on disk: DATE/quotes.parquet, DATE/bars.parquet, daily.csv,
            and where there were any DATE/halts.csv, corporate_actions.csv, borrow.csv.
        session: the session to replay.

    Raises:
        MarketDataError: here, if the directory does not hold the session; later, if a file is
            missing or malformed when it is first needed.
    """

    def __init__(self, directory: Path, session: date) -> None:
        sessions = files.sessions_on_disk(directory)
        if session not in sessions:
            held = ", ".join(map(str, sessions)) or "no session at all"
            raise MarketDataError(f"{directory} does not hold session {session}; it has {held}")
        self.directory = directory
        self.session = session
        self._earlier = [day for day in sessions if day < session]
        self._earlier_volumes: dict[date, SymbolSeries] = {}

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset(self._quotes.symbols)

    def quotes_at(self, at: datetime, symbols: Sequence[str]) -> pd.DataFrame:
        import numpy as np
        import pandas as pd

        rows = self._quotes.last_known(at, symbols)
        known = rows >= 0
        ts = np.full(len(rows), np.datetime64("NaT", "us"))
        ts[known] = self._quotes.ts[rows[known]].astype("datetime64[us]")
        frame = {"symbol": pd.array(list(symbols), dtype="str"), "ts": pd.DatetimeIndex(ts, tz=UTC)}
        for column in QUOTE_VALUES:
            values = np.full(len(rows), np.nan)
            values[known] = self._quotes.values[column][rows[known]]
            frame[column] = values
        return pd.DataFrame(frame)

    def quotes_between(
        self, symbol: str, start: datetime, end: datetime, *, prevailing: bool = False
    ) -> pd.DataFrame:
        rows = self._quotes.between(symbol, start, end)
        if prevailing and rows.start > self._quotes.rows(symbol).start:
            rows = slice(rows.start - 1, rows.stop)
        return _frame(self._quotes, symbol, rows)

    def bars_between(self, symbol: str, start: datetime, end: datetime) -> pd.DataFrame:
        return _frame(self._bars, symbol, self._bars.between(symbol, start, end))

    def daily_before(self, day: date) -> pd.DataFrame:
        return self._daily[self._daily["date"] < day.isoformat()].reset_index(drop=True)

    def average_daily_volume(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> pd.Series[float]:
        volumes = self._last_sessions("volume", before, days)
        return volumes.mean().reindex(list(symbols)).rename("average_daily_volume")

    def daily_volatility(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> pd.Series[float]:
        import numpy as np

        # One close more than returns.
        closes = self._last_sessions("close", before, days + 1)
        returns = closes.apply(np.log).diff()
        return returns.std(ddof=1).reindex(list(symbols)).rename("daily_volatility")

    def volume_curve(
        self, symbol: str, start: datetime, end: datetime, slices: int
    ) -> NDArray[np.float64] | None:
        import numpy as np

        if not start < end or slices < 1:
            raise ValueError(f"end must come after start and slices be positive, not {slices}")
        edges = [start + (end - start) * i / slices for i in range(slices + 1)]
        for day in reversed(self._earlier):
            then = [_same_time_of_day(edge, self.session, day) for edge in edges]
            if _closed_early(day, then[-1]):
                continue
            volumes = self._volumes_of(day)
            rows = volumes.rows(symbol)
            traded = np.concatenate([[0], np.cumsum(volumes.values["volume"][rows])])
            bounds = [microseconds(edge) for edge in then]
            at_edges = traded[np.searchsorted(volumes.ts[rows], bounds, side="right")]
            total = at_edges[-1] - at_edges[0]
            if total > 0:
                return np.asarray(np.diff(at_edges) / total, dtype=np.float64)
        return None

    def arrays(self, symbol: str) -> SymbolTape:
        quotes, quoted = self._quotes, self._quotes.rows(symbol)
        bars, traded = self._bars, self._bars.rows(symbol)
        return SymbolTape(
            symbol=symbol,
            quote_ts=quotes.ts[quoted],
            bar_ts=bars.ts[traded],
            volume=bars.values["volume"][traded],
            **{side: price_units(quotes.values[side][quoted]) for side in files.SIDES},
            **{size: quotes.values[size][quoted] for size in files.SIDE_SIZES},
            **{price: price_units(bars.values[price][traded]) for price in files.TRADED},
        )

    def halts(self, symbol: str) -> list[Halt]:
        return self._halts.get(symbol, [])

    @cached_property
    def _halts(self) -> dict[str, list[Halt]]:
        return read_halts(self.directory / self.session.isoformat() / HALTS)

    def corporate_actions(self, after: date, until: date) -> list[CorporateAction]:
        return actions_between(self._corporate_actions, after, until)

    def borrowable(self, day: date) -> dict[str, int]:
        return borrowable_on(self._borrow, day)

    @cached_property
    def _corporate_actions(self) -> list[CorporateAction]:
        return read_corporate_actions(self.directory / CORPORATE_ACTIONS)

    @cached_property
    def _borrow(self) -> list[Lendable]:
        return read_borrow(self.directory / BORROW)

    @cached_property
    def _quotes(self) -> SymbolSeries:
        frame = files.read_quotes(self.directory / self.session.isoformat() / files.QUOTES)
        return SymbolSeries.from_frame(frame, QUOTE_VALUES)

    @cached_property
    def _bars(self) -> SymbolSeries:
        return self._bars_of(self.session, BAR_VALUES)

    @cached_property
    def _daily(self) -> pd.DataFrame:
        return files.read_daily(self.directory / files.DAILY)

    def _bars_of(self, day: date, columns: Sequence[str]) -> SymbolSeries:
        frame = files.read_bars(self.directory / day.isoformat() / files.BARS)
        return SymbolSeries.from_frame(frame, columns)

    def _volumes_of(self, day: date) -> SymbolSeries:
        if day not in self._earlier_volumes:
            self._earlier_volumes[day] = self._bars_of(day, ("volume",))
        return self._earlier_volumes[day]

    def _last_sessions(self, column: str, before: date, days: int) -> pd.DataFrame:
        """``column`` of the daily bars, adjusted for splits: a row a session, a column a symbol."""
        if days < 1:
            raise ValueError(f"days must be positive, not {days}")
        daily = self.daily_before(before)
        latest = daily["date"].drop_duplicates().tail(days)
        recent = daily[daily["date"].isin(latest)]
        values = recent.pivot(index="date", columns="symbol", values=column)
        splits = self.corporate_actions(date.min, before)
        return in_todays_shares(values, splits, are_prices=column != "volume")


def _frame(series: SymbolSeries, symbol: str, rows: slice) -> pd.DataFrame:
    import pandas as pd

    ts = pd.DatetimeIndex(series.ts[rows].astype("datetime64[us]"), tz=UTC)
    frame = {"symbol": pd.array([symbol], dtype="str").repeat(len(ts)), "ts": ts}
    return pd.DataFrame(frame | {name: column[rows] for name, column in series.values.items()})


def _same_time_of_day(at: datetime, session: date, day: date) -> datetime:
    """``at`` of ``session`` moved to ``day`` by New York's clock, whatever UTC did in between."""
    moved = at.astimezone(NEW_YORK).replace(tzinfo=None) - (session - day)
    return moved.replace(tzinfo=NEW_YORK).astimezone(UTC)


def _closed_early(day: date, end: datetime) -> bool:
    """Whether ``day`` was a half day that ended before ``end``: no guide to hours it lacked."""
    session = find_session(day)
    return session is not None and session.early_close and session.close < end
