"""A small recorded session: two stocks, quoted every second, trading every second."""

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pandas as pd

from orderworks.market.calendar import Session, require_session
from orderworks.market.files import BAR_COLUMNS, QUOTE_COLUMNS
from orderworks.market.replay import ReplayMarket

SESSION = require_session(date(2026, 11, 20))
NEXT = require_session(date(2026, 11, 23))
THIRD = require_session(date(2026, 11, 24))
SECONDS = range(61)


def at(second: float, session: Session = SESSION) -> datetime:
    return session.open + timedelta(seconds=second)


def write_market(directory: Path) -> Path:
    """ACME stands at 100.00 for 20 seconds, then trades at 99, then at 102; BOLT stands at 50.

    Of BRK.B no shares can be borrowed.
    """
    for session in (SESSION, NEXT, THIRD):
        _write_session(directory, session)
    days = pd.bdate_range("2026-10-23", "2026-11-19")
    rows = [
        (f"{day:%Y-%m-%d}", symbol, price, price + 1, price - 1, price + 0.5, 1_000_000)
        for day in days
        for symbol, price in (("ACME", 100.0), ("BOLT", 50.0))
    ]
    columns = ["date", "symbol", "open", "high", "low", "close", "volume"]
    pd.DataFrame(rows, columns=columns).to_csv(directory / "daily.csv", index=False)
    (directory / "borrow.csv").write_text("symbol,shares\nBRK.B,0\n", "utf-8")
    return directory


def _write_session(directory: Path, session: Session) -> None:
    quotes, bars = [], []
    for second in SECONDS:
        acme = 100.0 if second < 20 else 99.0 if second < 40 else 102.0
        for symbol, mid in (("ACME", acme), ("BOLT", 50.0), ("BRK.B", 400.0)):
            ts = at(second, session)
            quotes.append((ts, symbol, mid - 0.01, mid + 0.01, 300, 200))
            bars.append((ts, symbol, mid, mid, mid, mid, 1_000))
    folder = directory / session.date.isoformat()
    folder.mkdir(parents=True)
    for name, columns, rows in (("quotes", QUOTE_COLUMNS, quotes), ("bars", BAR_COLUMNS, bars)):
        frame = pd.DataFrame(rows, columns=list(columns))
        frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
        frame.to_parquet(folder / f"{name}.parquet")


@cache
def market(directory: Path, session: Session = SESSION) -> ReplayMarket:
    """A session of the market, read once."""
    return ReplayMarket(directory, session.date)
