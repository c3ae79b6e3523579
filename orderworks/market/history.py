"""What is on record of the days before a session: bars, volumes, corporate actions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from orderworks.market import files
from orderworks.market.corporate_actions import (
    CORPORATE_ACTIONS,
    actions_between,
    read_corporate_actions,
)
from orderworks.market.daily_statistics import mean_volumes, volatilities
from orderworks.market.series import SymbolSeries
from orderworks.market.volume_curve import edges_of, edges_on, weights
from orderworks.model.corporate_action import CorporateAction

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class RecordedHistory:
    """The days before ``session``, from a market directory: a ``History``. Each file is read once, if asked.

    Raises:
        MarketDataError: here, if there is no such directory; later, if a file is missing or malformed
            when it is first needed.
    """

    def __init__(self, directory: Path, session: date) -> None:
        self.directory = directory
        self.session = session
        self._on_disk = files.sessions_on_disk(directory)
        self._earlier = [day for day in self._on_disk if day < session]
        self._earlier_volumes: dict[date, SymbolSeries] = {}

    def doubtful(self, symbols: Sequence[str]) -> dict[str, str]:
        return {}

    def lot_sizes(self, symbols: Sequence[str]) -> dict[str, int]:
        return {}

    def not_shortable(self, symbols: Sequence[str]) -> frozenset[str]:
        """None: an exchange that lends by ``borrow.csv`` refuses what it cannot lend itself."""
        return frozenset()

    def bars_between(self, symbol: str, start: datetime, end: datetime) -> pd.DataFrame:
        """None: of the session itself nothing is on record."""
        import pandas as pd

        return pd.DataFrame(
            {
                "symbol": pd.array([], dtype="str"),
                "ts": pd.DatetimeIndex([], dtype="datetime64[us, UTC]"),
                **{name: pd.array([], dtype="float64") for name in files.TRADED},
                "volume": pd.array([], dtype="int64"),
            }
        )

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

    def corporate_actions(self, after: date, until: date) -> list[CorporateAction]:
        return actions_between(self._corporate_actions, after, until)

    @cached_property
    def _corporate_actions(self) -> list[CorporateAction]:
        return read_corporate_actions(self.directory / CORPORATE_ACTIONS)

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
