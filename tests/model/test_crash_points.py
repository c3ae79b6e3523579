"""A crash point kills the process where and when it was asked to, and is nothing otherwise."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from orderworks.model.crash_points import VARIABLE, CrashPoint, at_crash_points, crash_point

PASSES = """
from orderworks.model.crash_points import CrashPoint, crash_point
for turn in range(4):
    crash_point(CrashPoint.WAVE_BEGINS)
    crash_point(CrashPoint.WAVE_DONE)
    print(turn, flush=True)
"""


@pytest.mark.parametrize(
    ("asked", "turns", "status"),
    [
        (None, 4, 0),
        ("no-such-point", 4, 0),
        ("wave-done:5", 4, 0),
        ("wave-begins", 0, -signal.SIGKILL),
        ("wave-done:3", 2, -signal.SIGKILL),
    ],
)
def test_the_process_dies_at_the_point_and_turn_asked_for(
    asked: str | None, turns: int, status: int
) -> None:
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    if asked is not None:
        environment[VARIABLE] = asked
    ended = subprocess.run(
        [sys.executable, "-c", PASSES], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, len(ended.stdout.split())) == (status, turns), ended.stderr


def test_unasked_every_point_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    for point in CrashPoint:
        crash_point(point)
    assert len({point.value for point in CrashPoint}) == len(CrashPoint)


def test_what_happens_there_is_said_for_a_context_and_what_is_begun_in_it() -> None:
    seen: list[str] = []

    async def work() -> None:
        with at_crash_points(seen.append):
            crash_point(CrashPoint.WAVE_BEGINS)
            task = asyncio.create_task(asyncio.to_thread(crash_point, CrashPoint.WAVE_DONE))
        crash_point(CrashPoint.RECONCILED)
        await task

    asyncio.run(work())
    assert seen == [CrashPoint.WAVE_BEGINS, CrashPoint.WAVE_DONE]
