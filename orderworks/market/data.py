"""What the domain asks of a market, whoever answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from orderworks.market.halts import Halt
    from orderworks.market.tape import SymbolTape
    from orderworks.model.corporate_action import CorporateAction


class History(Protocol):
    """What is known of symbols beside their quotes: trades, daily bars, splits. See ``MarketData``."""

    def doubtful(self, symbols: Sequence[str]) -> Mapping[str, str]:
        """The symbols that cannot be traded under these names, and why; a recorded market knows of none."""
        ...

    def lot_sizes(self, symbols: Sequence[str]) -> Mapping[str, int]:
        """Of symbols whose lot is known, the shares that every quantity is a multiple of."""
        ...

    def not_shortable(self, symbols: Sequence[str]) -> frozenset[str]:
        """The symbols that are known to have no shares to sell short."""
        ...

    def bars_between(self, symbol: str, start: datetime, end: datetime) -> pd.DataFrame:
        """The trades with start < ts <= end: symbol, ts, open, high, low, close, volume."""
        ...

    def daily_before(self, day: date) -> pd.DataFrame:
        """The daily bars strictly before ``day``, unadjusted.

        Returns:
            date (datetime64, midnight, no zone), symbol, open, high, low, close, volume, ordered
            by date and symbol.
        """
        ...

    def average_daily_volume(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> pd.Series[float]:
        """Mean volume of each symbol over the last ``days`` sessions strictly before ``before``.

        Returns:
            Shares as they are after the splits of ``before``, indexed by symbol in the order asked;
            NaN for one without a bar in them.
        """
        ...

    def daily_volatility(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> pd.Series[float]:
        """Sample standard deviation of the last ``days`` daily log returns, close to close.

        A split is no return; a dividend is one.

        Returns:
            A fraction a day, indexed by symbol in the order asked; NaN with fewer than 2 returns.
        """
        ...

    def volume_curve(
        self, symbol: str, start: datetime, end: datetime, slices: int
    ) -> NDArray[np.float64] | None:
        """How an earlier session's volume fell over the same New York time of day.

        Returns:
            ``slices`` weights that sum to 1, for equal parts of (start, end]; None where no
            earlier session has volume of the symbol in them.
        """
        ...

    def corporate_actions(self, after: date, until: date) -> Sequence[CorporateAction]:
        """The splits and cash dividends with after < ex-date <= until, in order."""
        ...


class MarketData(History, Protocol):
    """Quotes, trades and daily bars. A row counts as known from its ``ts`` on, never before.

    Times are aware UTC, prices float64 dollars, sizes and volumes shares. Implementations raise
    MarketDataError where what they should answer from is missing or malformed.
    """

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that are quoted."""
        ...

    def quotes_at(self, at: datetime, symbols: Sequence[str]) -> pd.DataFrame:
        """The last quote of each symbol that was known at ``at``.

        Returns:
            One row a symbol, in the order asked: symbol, ts, bid, ask, bid_size, ask_size, the
            numbers float64; NaT and NaN where no quote was known. A side that is absent is 0.
        """
        ...

    def quotes_between(
        self, symbol: str, start: datetime, end: datetime, *, prevailing: bool = False
    ) -> pd.DataFrame:
        """The quotes with start < ts <= end: symbol, ts, bid, ask, bid_size, ask_size.

        With ``prevailing`` the quote that stood at ``start`` leads them, where there was one.
        """
        ...


class RecordedMarket(MarketData, Protocol):
    """A market whose whole session is on record: what a simulated exchange matches against."""

    def arrays(self, symbol: str) -> SymbolTape:
        """Everything that was quoted and traded in ``symbol``; empty arrays where nothing was."""
        ...

    def halts(self, symbol: str) -> Sequence[Halt]:
        """From when until when ``symbol`` did not trade in the session."""
        ...

    def borrowable(self, day: date) -> Mapping[str, int]:
        """How many shares can be borrowed on a day; a symbol that is not named: without limit."""
        ...
