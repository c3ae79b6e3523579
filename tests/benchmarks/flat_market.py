"""A market of many symbols that stand still: what a benchmark of ourselves needs of one."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.market.calendar import Session, require_session
from orderworks.market.tape import SymbolTape, microseconds
from orderworks.model.corporate_action import CorporateAction

SESSION: Session = require_session(date(2026, 11, 20))
BID, ASK, SIZE, ADV = 49.99, 50.01, 1_000_000, 10_000_000.0


class FlatMarket:
    """Every symbol is quoted 49.99 at 50.01 all day, and trades plenty each second."""

    def __init__(self, count: int, seconds: int = 600) -> None:
        self._names = [f"S{number:05d}" for number in range(count)]
        first = microseconds(SESSION.open)
        ts = first + np.arange(seconds, dtype=np.int64) * 1_000_000
        level = np.ones(seconds, dtype=np.int64)
        self._tape = SymbolTape(
            symbol="",
            quote_ts=ts,
            bid=499_900 * level,
            ask=500_100 * level,
            bid_size=SIZE * level,
            ask_size=SIZE * level,
            bar_ts=ts,
            open=500_000 * level,
            high=500_100 * level,
            low=499_900 * level,
            close=500_000 * level,
            volume=SIZE * level,
        )

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset(self._names)

    @property
    def names(self) -> list[str]:
        return self._names

    def arrays(self, symbol: str) -> SymbolTape:
        return self._tape

    def halts(self, symbol: str) -> list[tuple[datetime, datetime]]:
        return []

    def corporate_actions(self, after: date, until: date) -> list[CorporateAction]:
        return []

    def borrowable(self, day: date) -> dict[str, int]:
        return {}

    def lot_sizes(self, symbols: Sequence[str]) -> dict[str, int]:
        return {}

    def not_shortable(self, symbols: Sequence[str]) -> frozenset[str]:
        return frozenset()

    def quotes_at(self, at: datetime, symbols: Sequence[str]) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "symbol": list(symbols),
                "ts": pd.DatetimeIndex([at]).as_unit("us").repeat(len(symbols)),
                "bid": BID,
                "ask": ASK,
                "bid_size": float(SIZE),
                "ask_size": float(SIZE),
            }
        )

    def quotes_between(
        self, symbol: str, start: datetime, end: datetime, *, prevailing: bool = False
    ) -> pd.DataFrame:
        return self.quotes_at(end, [symbol])

    def bars_between(self, symbol: str, start: datetime, end: datetime) -> pd.DataFrame:
        return pd.DataFrame(
            {"symbol": [symbol], "ts": [end], "open": 50.0, "high": 50.0, "low": 50.0}
            | {"close": 50.0, "volume": SIZE}
        )

    def daily_before(self, day: date) -> pd.DataFrame:
        return pd.DataFrame(
            {"date": pd.Timestamp(day) - timedelta(days=1), "symbol": self._names}
            | {"open": 50.0, "high": 50.0, "low": 50.0, "close": 50.0, "volume": ADV}
        )

    def average_daily_volume(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> "pd.Series[float]":
        return pd.Series(ADV, index=list(symbols))

    def daily_volatility(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> "pd.Series[float]":
        return pd.Series(0.02, index=list(symbols))

    def volume_curve(
        self, symbol: str, start: datetime, end: datetime, slices: int
    ) -> NDArray[np.float64] | None:
        return np.full(slices, 1 / slices)
