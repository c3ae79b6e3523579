"""A few synthetic sessions over a holiday and a half day, and the signals of each."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from synthetic_day import UNIVERSE, signal, write_table

from orderworks.market.calendar import Session, sessions_between
from orderworks.market.synthetic import write_sessions

FIRST, LAST = date(2024, 11, 27), date(2024, 12, 2)


@pytest.fixture(scope="session")
def sessions() -> list[Session]:
    """Thanksgiving and the weekend are passed over; the day between closes early."""
    return sessions_between(FIRST, LAST)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory, sessions: list[Session]) -> Path:
    directory = tmp_path_factory.mktemp("sessions")
    write_sessions(directory, sessions, UNIVERSE, seed=5)
    return directory


@pytest.fixture(scope="session")
def signals(tmp_path_factory: pytest.TempPathFactory, sessions: list[Session]) -> Path:
    """What is held grows from session to session; some come while the daily run is at work."""

    def known(day: date, at: str, symbol: str, quantity: int, **others: Any) -> dict[str, object]:
        return signal(symbol, ts=f"{day}T{at}Z", quantity=quantity, **others)

    rows = [
        row
        for number, day in enumerate((session.date for session in sessions), start=1)
        for row in (
            known(day, "13:00:00", "ACME", 2000 * number),
            known(day, "14:31:00", "SLIM", 1000 * number),
            known(day, "14:31:00", "RUSH", 1000 * number, order_type="limit", limit_price=41),
            known(day, "14:36:30", "WIDE", 500 * number, strategy="reversion"),
            known(day, "16:00:10", "BOLT", 800 * number, strategy="reversion", direction="short"),
        )
    ]
    return Path(write_table(tmp_path_factory.mktemp("signals") / "signals.csv", *rows))
