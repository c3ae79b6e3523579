"""The schedules, by Prefect's own class: in New York's time, once a day, over both changes of the clock."""

from datetime import UTC, date, datetime, timedelta

import pytest
from prefect.server.schemas.schedules import CronSchedule

from flows.operating.definitions import definitions
from orderworks.market.calendar import NEW_YORK

SPRING = date(2026, 3, 8)
AUTUMN = date(2026, 11, 1)

EXPECTED = {
    "daily": ["09:25"],
    "end-of-day": ["16:30"],
    "reconcile": [f"{hour}:{minute:02}" for hour in range(10, 16) for minute in (0, 30)],
    "recover": [f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in range(0, 60, 5)],
}
"""New York's times of each kind, on each weekday."""


async def times(kind: str, first: date, days: int) -> dict[date, list[str]]:
    """When the runs of a kind are due, by New York's day."""
    (stated,) = [each for each in definitions() if each.kind == kind]
    start = datetime(first.year, first.month, first.day, tzinfo=NEW_YORK).astimezone(UTC)
    found: dict[date, list[str]] = {}
    for cron in stated.schedules.values():
        schedule = CronSchedule(cron=cron, timezone=stated.timezone)
        dates = await schedule.get_dates(n=1000, start=start, end=start + timedelta(days=days))
        for due in dates:
            local = due.astimezone(NEW_YORK)
            found.setdefault(local.date(), []).append(f"{local:%H:%M}")
    return found


@pytest.mark.parametrize("kind", EXPECTED)
@pytest.mark.parametrize("sunday", [SPRING, AUTUMN])
async def test_neither_two_nor_none_over_a_change_of_the_clock(kind: str, sunday: date) -> None:
    friday, monday = sunday - timedelta(days=2), sunday + timedelta(days=1)
    assert await times(kind, friday, 4) == {friday: EXPECTED[kind], monday: EXPECTED[kind]}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("weekly-quality", [date(2026, 10, 31), date(2026, 11, 7)]),
        ("monthly-quality", [date(2026, 11, 1)]),
    ],
)
async def test_weeks_and_months_are_summed_up_when_they_are_over(
    kind: str, expected: list[date]
) -> None:
    assert await times(kind, date(2026, 10, 30), 10) == {day: ["06:00"] for day in expected}


async def test_the_rest_is_started_by_hand() -> None:
    scheduled = {each.kind for each in definitions() if each.schedules}
    assert scheduled == {*EXPECTED, "weekly-quality", "monthly-quality"}
