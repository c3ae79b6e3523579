"""The minutes of sessions, kept: what is complete is asked for once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from orderworks.brokers.ibkr.market.daily import COLUMNS
from orderworks.brokers.ibkr.market.history import BID_ASK, Asked, History
from orderworks.market.calendar import Session

if TYPE_CHECKING:
    import pandas as pd
    from ib_async import BarData

MINUTE = timedelta(minutes=1)


class MinuteBars:
    """By symbol and session, the minutes that are over."""

    def __init__(self, history: History, shows: str = "TRADES") -> None:
        self._history, self._shows = history, shows
        self._kept: dict[tuple[str, date], tuple[datetime, list[BarData]]] = {}

    async def of(self, symbol: str, session: Session, now: datetime) -> pd.DataFrame:
        """ts (the end of a minute), open, high, low, close, volume; of a session, as far as it has come."""
        until = min(now.replace(second=0, microsecond=0), session.close)
        known, bars = self._kept.get((symbol, session.date), (session.open, []))
        if until > known:
            duration = f"{int((until - session.open).total_seconds())} S"
            asked = Asked(symbol, until, duration, "1 min", self._shows)
            [told] = await self._history.bars([asked])
            if told is not None:
                bars = told
                self._kept[symbol, session.date] = (until, bars)
        return _minute_frame(bars, session.open, until)


def quotes_of_minutes(bars: pd.DataFrame) -> pd.DataFrame:
    """The mean bid and ask of each minute as a quote at its end; sizes are not kept and count as 1."""
    quotes = bars[["ts"]].assign(bid=bars["open"], ask=bars["close"])
    return quotes.assign(bid_size=1.0, ask_size=1.0)


def bid_ask_minutes(history: History) -> MinuteBars:
    """The mean bid of each minute as its open, the mean ask as its close."""
    return MinuteBars(history, BID_ASK)


def no_minutes() -> pd.DataFrame:
    """The table of no minutes at all."""
    return _minute_frame([], datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))


def _minute_frame(bars: Sequence[BarData], opens: datetime, until: datetime) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for bar in bars:
        ended = bar.date + MINUTE if isinstance(bar.date, datetime) else None
        if ended is not None and opens < ended <= until:
            rows.append((ended, *(float(getattr(bar, name)) for name in COLUMNS)))
    frame = pd.DataFrame(rows, columns=["ts", *COLUMNS])
    frame["ts"] = pd.DatetimeIndex(pd.to_datetime(frame["ts"], utc=True)).as_unit("us")
    return frame.astype(dict.fromkeys(COLUMNS, float))
