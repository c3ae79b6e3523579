"""Quiet hours: every day or once a week, over midnight and over the turn of the week."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.quiet_hours import DAYS, parse_quiet_hours

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 11, 16, tzinfo=NEW_YORK)
MINUTES = st.integers(0, 24 * 60 - 1)


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@given(day=st.integers(0, 6), start=MINUTES, length=st.integers(1, 24 * 60 - 1), minute=MINUTES)
def test_daily_hours_last_from_their_start_until_before_their_end(
    day: int, start: int, length: int, minute: int
) -> None:
    hours = parse_quiet_hours(f"{clock(start)}-{clock((start + length) % (24 * 60))}")
    at = MONDAY + timedelta(days=day, minutes=minute)
    assert hours.contain(at) == ((minute - start) % (24 * 60) < length)


@given(
    start=st.integers(0, 7 * 24 * 60 - 1),
    length=st.integers(1, 7 * 24 * 60 - 1),
    minute=st.integers(0, 7 * 24 * 60 - 1),
)
def test_weekly_hours_come_once_a_week(start: int, length: int, minute: int) -> None:
    def moment(total: int) -> str:
        return f"{DAYS[total // 1440]} {clock(total % 1440)}"

    hours = parse_quiet_hours(f"{moment(start)}-{moment((start + length) % (7 * 1440))}")
    at = MONDAY + timedelta(minutes=minute)
    assert hours.contain(at) == ((minute - start) % (7 * 1440) < length)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must be HH:MM-HH:MM"),
        ("23:45", "must be HH:MM-HH:MM"),
        ("Fri 23:00-03:00", "at both ends, or at neither"),
        ("Frx 23:00-Sat 03:00", "must name days as Mon"),
        ("24:00-01:00", "hours up to 23"),
        ("10:60-11:00", "minutes up to 59"),
        ("10:00-10:00", "end at another time"),
    ],
)
def test_hours_that_cannot_be(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_quiet_hours(text)
