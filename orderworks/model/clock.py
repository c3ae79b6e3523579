"""Time, injected: the wall's, or a replayed market's, which costs no waiting."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is, and waiting until a time."""

    def now(self) -> datetime:
        """The current time, UTC."""

    async def sleep_until(self, moment: datetime) -> None:
        """Returns at ``moment``; at once if it has passed."""


LONGEST_NAP_SECONDS = 1.0
"""After which the wall is looked at again: its clock may have been set, or the machine suspended."""


class WallClock:
    """The time on the wall."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        while (left := (moment - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(left, LONGEST_NAP_SECONDS))


def is_replayed(clock: Clock) -> bool:
    """Whether time goes on by being waited for, so that nothing else comes up meanwhile."""
    return isinstance(clock, ReplayClock)


class ReplayClock:
    """The time of a replayed market: it goes on by being waited for."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, moment: datetime) -> None:
        self._now = max(self._now, moment)
