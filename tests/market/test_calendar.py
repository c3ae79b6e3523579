"""Sessions, holidays, half days and the clock's changes, against the exchange's published hours."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pkgutil import iter_modules

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks import market
from orderworks.market.calendar import (
    FIRST_DAY,
    LAST_DAY,
    NEW_YORK,
    find_session,
    latest_closed_session,
    previous_sessions,
    reason_closed,
    require_session,
    sessions_between,
)
from orderworks.model.errors import InputError

DAYS = st.dates(FIRST_DAY + timedelta(days=60), LAST_DAY)


def test_an_ordinary_session() -> None:
    session = require_session(date(2026, 11, 20))
    assert session.open == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    assert session.close == datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
    assert session.open.tzinfo is UTC
    assert not session.early_close


def test_the_day_after_thanksgiving_closes_at_one() -> None:
    session = require_session(date(2026, 11, 27))
    assert session.close.astimezone(NEW_YORK).isoformat() == "2026-11-27T13:00:00-05:00"
    assert session.early_close


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 11, 26), "Thanksgiving"),
        (date(2026, 7, 3), "July 4th"),
        (date(2025, 1, 9), "an unscheduled closure"),
        (date(2026, 11, 28), "it is a Saturday"),
        (date(2026, 11, 29), "it is a Sunday"),
    ],
)
def test_a_closed_day_says_why(day: date, reason: str) -> None:
    assert find_session(day) is None
    assert reason_closed(day) == f"New York does not trade on {day}: {reason}"
    with pytest.raises(InputError, match=reason):
        require_session(day)


def test_an_open_day_has_no_reason() -> None:
    with pytest.raises(ValueError, match="day"):
        reason_closed(date(2026, 11, 20))


@pytest.mark.parametrize(
    ("day", "open_utc", "close_utc"),
    [
        (date(2026, 3, 6), 14.5, 21),
        (date(2026, 3, 9), 13.5, 20),
        (date(2026, 10, 30), 13.5, 20),
        (date(2026, 11, 2), 14.5, 21),
    ],
)
def test_hours_follow_new_york_through_clock_changes(
    day: date, open_utc: float, close_utc: float
) -> None:
    session = require_session(day)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert session.open - midnight == timedelta(hours=open_utc)
    assert session.close - midnight == timedelta(hours=close_utc)


def test_previous_sessions_pass_over_holidays() -> None:
    assert previous_sessions(date(2026, 11, 30), 3) == [
        date(2026, 11, 24),
        date(2026, 11, 25),
        date(2026, 11, 27),
    ]
    assert previous_sessions(date(2026, 11, 29), 1) == [date(2026, 11, 27)]
    assert previous_sessions(date(2026, 11, 30), 0) == []


def test_sessions_between_pass_over_holidays() -> None:
    found = sessions_between(date(2026, 11, 25), date(2026, 11, 29))
    assert found == [require_session(date(2026, 11, day)) for day in (25, 27)]
    assert sessions_between(date(2026, 11, 28), date(2026, 11, 29)) == []


@given(DAYS, st.integers(1, 30))
def test_previous_sessions_are_the_nearest_before(day: date, n: int) -> None:
    found = previous_sessions(day, n)
    assert len(found) == n
    assert found == sorted(found)
    between = [found[0] + timedelta(days=i) for i in range((day - found[0]).days)]
    assert [each for each in between if find_session(each)] == found


@given(DAYS)
def test_a_session_counts_as_closed_from_its_close_on(day: date) -> None:
    session = find_session(day)
    noon = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    if session is None:
        assert latest_closed_session(noon) == previous_sessions(day, 1)[0]
    else:
        assert latest_closed_session(session.close) == day
        just_before = session.close - timedelta(microseconds=1)
        assert latest_closed_session(just_before) == previous_sessions(day, 1)[0]


@pytest.mark.parametrize(
    "day", [date(2000, 1, 1), FIRST_DAY - timedelta(days=1), LAST_DAY + timedelta(days=1)]
)
def test_a_day_outside_the_calendar_is_refused(day: date) -> None:
    for ask in (find_session, reason_closed, lambda day: previous_sessions(day, 1)):
        with pytest.raises(InputError, match=f"covers {FIRST_DAY} to {LAST_DAY}"):
            ask(day)


def test_the_calendar_does_not_reach_behind_its_start() -> None:
    with pytest.raises(InputError, match="ask for fewer"):
        previous_sessions(date(2000, 1, 10), 30)
    with pytest.raises(InputError, match="no session had closed"):
        latest_closed_session(datetime(2000, 1, 3, 12, tzinfo=UTC))


def test_importing_the_market_is_cheap() -> None:
    modules = [f"orderworks.market.{module.name}" for module in iter_modules(market.__path__)]
    assert "orderworks.market.replay" in modules
    heavy = "{'pandas', 'numpy', 'pyarrow', 'exchange_calendars'}"
    check = f"import sys, {', '.join(modules)}; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
