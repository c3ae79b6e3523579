"""Clocks: the wall's waits, a replayed market's is moved by being waited for."""

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.clock import ReplayClock, WallClock

START = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


@given(st.lists(st.integers(-100, 100)))
async def test_a_replay_clock_jumps_forward_and_never_back(offsets: list[int]) -> None:
    clock = ReplayClock(START)
    for offset in offsets:
        before = clock.now()
        await clock.sleep_until(START + timedelta(seconds=offset))
        assert clock.now() == max(before, START + timedelta(seconds=offset))


async def test_the_wall_clock_waits_until_the_moment_has_come() -> None:
    clock = WallClock()
    moment = clock.now() + timedelta(seconds=0.02)
    await clock.sleep_until(moment)
    assert clock.now() >= moment
    assert clock.now().tzinfo is UTC


async def test_the_wall_clock_does_not_wait_for_what_has_passed() -> None:
    clock = WallClock()
    before = clock.now()
    await clock.sleep_until(before - timedelta(hours=1))
    assert clock.now() - before < timedelta(seconds=1)


class Adjusted(WallClock):
    """A wall clock that is set, forward or back, while somebody sleeps by it."""

    def __init__(self, jump: timedelta) -> None:
        self._jump = jump
        self._asked = 0

    def now(self) -> datetime:
        self._asked += 1
        return super().now() + (self._jump if self._asked > 1 else timedelta(0))


@pytest.mark.parametrize(("jump", "sleep"), [(3_600, 3_600), (-1, 0.1)])
async def test_a_sleep_ends_by_the_clock_as_it_was_set_meanwhile(jump: float, sleep: float) -> None:
    clock = Adjusted(timedelta(seconds=jump))
    moment = datetime.now(UTC) + timedelta(seconds=sleep)
    began = monotonic()
    await asyncio.wait_for(clock.sleep_until(moment), 5)
    assert clock.now() >= moment
    assert monotonic() - began < 2.5
