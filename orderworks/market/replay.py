"""A recorded session, replayed from disk. Nothing is answered that was not known by then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from orderworks.market import files
from orderworks.market.borrow import BORROW, Lendable, borrowable_on, read_borrow
from orderworks.market.corporate_actions import (
    CORPORATE_ACTIONS,
    actions_between,
    read_corporate_actions,
)
from orderworks.market.daily_statistics import mean_volumes, volatilities
from orderworks.market.halts import HALTS, Halt, read_halts
from orderworks.market.series import SymbolSeries
from orderworks.market.tape import SymbolTape, price_units
from orderworks.market.volume_curve import edges_of, edges_on, weights
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

    def doubtful(self, symbols: Sequence[str]) -> dict[str, str]:
        return {}

    def lot_sizes(self, symbols: Sequence[str]) -> dict[str, int]:
        return {}

    def not_shortable(self, symbols: Sequence[str]) -> frozenset[str]:
        """None: an exchange that lends by ``borrow.csv`` refuses what it cannot lend itself."""
        return frozenset()

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
        splits = self.corporate_actions(date.min, before)
        return mean_volumes(self.daily_before(before), symbols, days, splits)

    def daily_volatility(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> pd.Series[float]:
        splits = self.corporate_actions(date.min, before)
        return volatilities(self.daily_before(before), symbols, days, splits)

    def volume_curve(
        self, symbol: str, start: datetime, end: datetime, slices: int
    ) -> NDArray[np.float64] | None:
        edges = edges_of(start, end, slices)
        for day in reversed(self._earlier):
            then = edges_on(day, self.session, edges)
            if then is None:
                continue
            volumes = self._volumes_of(day)
            rows = volumes.rows(symbol)
            curve = weights(volumes.ts[rows], volumes.values["volume"][rows], then)
            if curve is not None:
                return curve
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


def _frame(series: SymbolSeries, symbol: str, rows: slice) -> pd.DataFrame:
    import pandas as pd

    ts = pd.DatetimeIndex(series.ts[rows].astype("datetime64[us]"), tz=UTC)
    frame = {"symbol": pd.array([symbol], dtype="str").repeat(len(ts)), "ts": ts}
    return pd.DataFrame(frame | {name: column[rows] for name, column in series.values.items()})
