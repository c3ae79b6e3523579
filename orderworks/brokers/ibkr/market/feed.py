"""Interactive Brokers' market data as ``MarketData``: live, over a connection of its own.

What cannot be had is missing, never made up: a quote that is not live is not known, one that no tick has
confirmed for a while is stale by its ts, and bars that may not be asked for are not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from orderworks.brokers.ibkr.listed import Listed
from orderworks.brokers.ibkr.market.board import Board
from orderworks.brokers.ibkr.market.daily import DailyBars, Shelf
from orderworks.brokers.ibkr.market.following import Following
from orderworks.brokers.ibkr.market.history import History
from orderworks.brokers.ibkr.market.kept import KeptContracts
from orderworks.brokers.ibkr.market.line import DataLine
from orderworks.brokers.ibkr.market.listings import Listings
from orderworks.brokers.ibkr.market.past import (
    MinuteBars,
    bid_ask_minutes,
    no_minutes,
    quotes_of_minutes,
)
from orderworks.brokers.ibkr.pace import Pace
from orderworks.brokers.ibkr.wire import ErrorSaid, Message
from orderworks.market.calendar import NEW_YORK, previous_sessions, sessions_between
from orderworks.market.daily_statistics import mean_volumes, volatilities
from orderworks.market.tape import microseconds
from orderworks.market.volume_curve import edges_of, edges_on, weights
from orderworks.model.corporate_action import CorporateAction
from orderworks.settings import IbkrBroker as IbkrSettings

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

SIDES = ("bid", "ask", "bid_size", "ask_size")

CURVE_SESSIONS = 3
"""Earlier sessions that a volume curve is looked for in: each is a request."""

DAILY_AT_LEAST = 1
"""Of daily bars, where no number is asked for: the last close is what is wanted."""


class IbkrMarket:
    """What one gateway says of the market: a ``MarketData``.

    Args:
        now: the clock's, by which a quote is stamped when it comes.
        pace: of everything that leaves for the gateway; its own, as the settings permit, if not given.
        kept: contracts that runs of the day have asked for already; None where nothing is kept.
        shelf: where daily bars outlive the program; nowhere if not given.

    A quote may be some moments newer than the time that it is asked for: it is the last one that came.
    """

    def __init__(
        self,
        settings: IbkrSettings,
        now: Callable[[], datetime] | None = None,
        *,
        pace: Pace | None = None,
        kept: KeptContracts | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._settings = settings
        self._now = now or _wall
        self.line = DataLine(settings, self._hear, pace or Pace(settings.messages_per_second))
        self._board = Board()
        self._listings = Listings(self.line, kept)
        self._following = Following(
            *(self.line, self._listings, self._board, lambda: self._now()),
            lines=settings.market_data_lines,
            first_seconds=settings.first_quote_seconds,
            allow_delayed=settings.allow_delayed_quotes,
        )
        # An answer that does not come must not end the connection: the question's own time is longer.
        self._history = History(
            *(self.line, self._listings),
            limit=settings.history_requests,
            answer_seconds=settings.ask_seconds / 2,
        )
        self._daily = DailyBars(self._history, shelf, settings.history_wait_seconds)
        self._minutes = MinuteBars(self._history)
        self._bid_ask = bid_ask_minutes(self._history)
        self._patience = settings.connect_seconds + 2 * settings.ask_seconds

    def keep_time_by(self, now: Callable[[], datetime]) -> None:
        """From now on quotes are stamped by this clock."""
        self._now = now

    def close(self) -> None:
        """Hangs up."""
        self.line.close()

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset(self._listings.found)

    def doubtful(self, symbols: Sequence[str]) -> dict[str, str]:
        self._wait_for_listings(symbols)
        return {s: self._listings.doubtful[s] for s in symbols if s in self._listings.doubtful}

    def listed(self, symbols: Sequence[str]) -> dict[str, Listed]:
        """The symbols that can be traded, as the broker lists them.

        Raises:
            BrokerError: if one is not known yet, and the gateway does not tell.
        """
        found = self._listings.found
        if any(one not in found for one in symbols):
            self._wait_for_listings(symbols)
        return {one: found[one] for one in symbols if one in found}

    def lot_sizes(self, symbols: Sequence[str]) -> dict[str, int]:
        return {symbol: one.lot_size for symbol, one in self.listed(symbols).items()}

    def not_shortable(self, symbols: Sequence[str]) -> frozenset[str]:
        """As of ``MarketData``, by what is told now, or else by what was told to a run of the day."""

        lines, listings = self._settings.market_data_lines, self._listings

        async def ask() -> dict[str, bool]:
            await listings.look_up(symbols)
            for start in range(0, len(symbols), lines):
                part = symbols[start : start + lines]
                await self._following.follow(part)
                told = await self._following.shortable(part, listings.shortable)
                listings.learn_shortable(told)
            return listings.shortable

        told = self.line.wait_for(ask(), self._patience) if symbols else {}
        return frozenset(one for one in symbols if told.get(one) is False)

    def quotes_at(self, at: datetime, symbols: Sequence[str]) -> pd.DataFrame:
        import numpy as np
        import pandas as pd

        async def last() -> list[tuple[int, tuple[float, ...]]]:
            await self._listings.look_up(symbols)
            await self._following.follow(symbols)
            unknown = (np.iinfo(np.int64).min, (np.nan,) * len(SIDES))  # NaT, as an integer
            return [self._board.last(symbol) or unknown for symbol in symbols]

        rows = self.line.wait_for(last(), self._patience) if symbols else []
        ts = np.array([ts for ts, _ in rows], dtype=np.int64).astype("datetime64[us]")
        frame = {"symbol": pd.array(list(symbols), dtype="str"), "ts": pd.DatetimeIndex(ts, tz=UTC)}
        values = np.array([sides for _, sides in rows], dtype=float).reshape(-1, len(SIDES))
        return pd.DataFrame(frame | dict(zip(SIDES, values.T, strict=True)))

    def quotes_between(
        self, symbol: str, start: datetime, end: datetime, *, prevailing: bool = False
    ) -> pd.DataFrame:
        """As of ``MarketData``: what was heard by this process, or else the means of minutes."""
        import pandas as pd

        async def heard() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
            return self._board.rows(symbol)

        ts, values = self.line.wait_for(heard(), self._patience)
        if len(ts):
            index = pd.DatetimeIndex(ts.astype("datetime64[us]"), tz=UTC)
            quotes = pd.DataFrame({"ts": index} | dict(zip(SIDES, values.T, strict=True)))
        else:
            quotes = quotes_of_minutes(self._minutes_between(self._bid_ask, symbol, start, end))
        return _between(quotes, symbol, start, end, prevailing=prevailing)

    def bars_between(self, symbol: str, start: datetime, end: datetime) -> pd.DataFrame:
        """As of ``MarketData``, by the minute: one that is not over by ``end`` is left out."""
        bars = self._minutes_between(self._minutes, symbol, start, end)
        return _between(bars, symbol, start, end, prevailing=False)

    def daily_before(self, day: date) -> pd.DataFrame:
        """As of ``MarketData``, of the symbols that were asked about, in shares as they are by now."""
        return self._days_before(day, sorted(self.symbols), DAILY_AT_LEAST)

    def average_daily_volume(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> pd.Series[float]:
        daily = self._days_before(before, symbols, days)
        return mean_volumes(daily, symbols, days, self.corporate_actions(date.min, before))

    def daily_volatility(
        self, symbols: Sequence[str], before: date, days: int = 20
    ) -> pd.Series[float]:
        daily = self._days_before(before, symbols, days + 1)
        return volatilities(daily, symbols, days, self.corporate_actions(date.min, before))

    def volume_curve(
        self, symbol: str, start: datetime, end: datetime, slices: int
    ) -> NDArray[np.float64] | None:
        edges = edges_of(start, end, slices)
        session = start.astimezone(NEW_YORK).date()
        for day in reversed(previous_sessions(session, CURVE_SESSIONS)):
            then = edges_on(day, session, edges)
            if then is None:
                continue
            bars = self._minutes_between(self._minutes, symbol, then[0], then[-1])
            ts = bars["ts"].to_numpy("datetime64[us]").astype("int64")
            curve = weights(ts, bars["volume"].to_numpy(), then)
            if curve is not None:
                return curve
        return None

    def corporate_actions(self, after: date, until: date) -> list[CorporateAction]:
        """None: the broker does not tell them, and its bars are adjusted for splits already."""
        return []

    def _days_before(self, day: date, symbols: Sequence[str], days: int) -> pd.DataFrame:
        async def ask() -> pd.DataFrame:
            await self._listings.look_up(symbols)
            found = [s for s in dict.fromkeys(symbols) if s in self._listings.found]
            return await self._daily.before(day, found, days)

        return self.line.wait_for(ask(), self._patience + self._settings.history_wait_seconds)

    def _minutes_between(
        self, minutes: MinuteBars, symbol: str, start: datetime, end: datetime
    ) -> pd.DataFrame:
        """The minutes of every session that has some of the time."""
        import pandas as pd

        first, last = (one.astimezone(NEW_YORK).date() for one in (start, end))
        sessions = [s for s in sessions_between(first, last) if s.open < end and s.close > start]

        async def ask() -> list[pd.DataFrame]:
            await self._listings.look_up([symbol])
            known = sessions if symbol in self._listings.found else []
            return [await minutes.of(symbol, session, self._now()) for session in known]

        frames = self.line.wait_for(ask(), self._patience)
        return pd.concat(frames, ignore_index=True) if frames else no_minutes()

    def _wait_for_listings(self, symbols: Sequence[str]) -> None:
        self.line.wait_for(self._listings.look_up(symbols), self._patience)

    def _hear(self, message: Message) -> None:
        if isinstance(message, ErrorSaid):
            self._following.hear(message)
            self._history.hear(message)


def _between(
    rows: pd.DataFrame, symbol: str, start: datetime, end: datetime, *, prevailing: bool
) -> pd.DataFrame:
    """The rows with start < ts <= end, and the last one before them if that is asked for."""
    import pandas as pd

    ts = rows["ts"].to_numpy("datetime64[us]").astype("int64")
    first = int(ts.searchsorted(microseconds(start), side="right"))
    last = int(ts.searchsorted(microseconds(end), side="right"))
    first -= prevailing and first > 0
    chosen = rows.iloc[first:last].reset_index(drop=True)
    symbols = pd.Series([symbol] * len(chosen), dtype="str")
    return pd.concat([symbols.rename("symbol"), chosen], axis=1)


def _wall() -> datetime:
    return datetime.now(UTC)
