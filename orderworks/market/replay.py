"""A recorded session, replayed from disk. Nothing is answered that was not known by then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from orderworks.market import files
from orderworks.market.borrow import BORROW, Lendable, borrowable_on, read_borrow
from orderworks.market.halts import HALTS, Halt, read_halts
from orderworks.market.history import RecordedHistory
from orderworks.market.series import SymbolSeries
from orderworks.market.tape import SymbolTape, price_units
from orderworks.model.errors import MarketDataError

if TYPE_CHECKING:
    import pandas as pd

QUOTE_VALUES = (*files.SIDES, *files.SIDE_SIZES)
BAR_VALUES = (*files.TRADED, "volume")


class ReplayMarket(RecordedHistory):
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
        super().__init__(directory, session)
        if session not in self._on_disk:
            held = ", ".join(map(str, self._on_disk)) or "no session at all"
            raise MarketDataError(
                f"{directory} does not hold session {session}; it has {held}; name one that it holds, or "
                "another directory"
            )

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

    def borrowable(self, day: date) -> dict[str, int]:
        return borrowable_on(self._borrow, day)

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


def _frame(series: SymbolSeries, symbol: str, rows: slice) -> pd.DataFrame:
    import pandas as pd

    ts = pd.DatetimeIndex(series.ts[rows].astype("datetime64[us]"), tz=UTC)
    frame = {"symbol": pd.array([symbol], dtype="str").repeat(len(ts)), "ts": ts}
    return pd.DataFrame(frame | {name: column[rows] for name, column in series.values.items()})
