"""How long a broker is waited for that does not answer, and in which steps it is asked again."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from orderworks.model.backoff import delays
from orderworks.model.errors import (
    BrokerError,
    Disconnected,
    PacingRefused,
    Unanswered,
    Unreachable,
)

log = logging.getLogger(__name__)

BROKEN_LINE = (Unanswered, Disconnected, Unreachable)
"""What a line to a broker does; what was asked last may have arrived."""
MENDED_BY_WAITING = (*BROKEN_LINE, PacingRefused)

FIRST_SECONDS = 0.1
FACTOR = 2.0
LONGEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Timer:
    """The passing of time on the wall, whatever time it is on the market."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds it is waited, and from what the waits between are drawn; 0 is not at all."""

    seconds: float
    draws: Random = field(default_factory=lambda: Random(0))  # noqa: S311
    timer: Timer = field(default_factory=Timer)

    def begin(self) -> "Waiting":
        """The waits for one thing that did not come to pass."""
        return Waiting(self)


class Waiting:
    """Ever longer waits, from the first that is needed until patience ends."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._give_up: float | None = None
        self.hasten()

    def hasten(self) -> None:
        """Begins with the shortest wait again, as something succeeded; patience is not renewed."""
        draws = self._patience.draws
        self._delays = delays(draws, FIRST_SECONDS, FACTOR, LONGEST_SECONDS)

    async def after(self, error: BrokerError) -> None:
        """Returns when it is time to try again.

        Raises:
            BrokerError: when patience has ended, with what was in the way at last.
        """
        timer, seconds = self._patience.timer, self._patience.seconds
        if seconds == 0:
            raise error
        if self._give_up is None:
            self._give_up = timer.now() + seconds
            log.warning("%s; it is tried again for %g s", error, seconds)
        left = self._give_up - timer.now()
        if left <= 0:
            raise BrokerError(
                f"the broker was waited for {seconds:g} s (broker.patience_seconds) in vain: {error}; "
                "then run the same command again, which goes on from here"
            ) from error
        await timer.sleep(min(next(self._delays), left))
