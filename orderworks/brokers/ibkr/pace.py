"""How fast messages leave for a gateway: as many as it permits in a second, and never more in any second.

A bucket of as many tokens as a second permits, each of which comes back a second after it was taken. No
pace that keeps within the limit is faster: what could not leave for a while may leave at once after it.
All connections of a program share one, as IBKR counts "anything coming from the client application", and
whatever leaves takes a token: orders, cancels and questions. ib_async's own throttle is off, so that it
never queues a message, which a broken line would lose without a word.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from threading import Lock
from time import monotonic

from orderworks.brokers.pacing import RECOVERY_SECONDS, SLOWEST

CLOSER = 0.04
"""Seconds by which two messages may come closer to one another on the way to the gateway."""
SECONDS = 1.0 + CLOSER

AHEAD = 0.1
"""Seconds for which a permission to send may be asked ahead: a message leaves so long after it at most."""
SOON = 0.05
"""Seconds before a message may leave from which on it is permitted: that takes time as well."""


class Pace:
    """Lets no more than ``limit`` messages leave in any SECONDS; may be shared by threads.

    A refusal halves the limit, which comes back evenly in RECOVERY_SECONDS.
    """

    def __init__(
        self,
        limit: int,
        now: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if limit < 1:
            raise ValueError(f"a pace needs a limit of at least 1, not {limit}")
        self.limit = limit
        self._now = now
        self._sleep = sleep
        self._left: deque[float] = deque(maxlen=limit)
        self._share, self._shared_at = 1.0, now()
        self._one_at_a_time = Lock()

    async def room_for(self, messages: int) -> int:
        """Waits until one may leave SOON; how many of ``messages`` may leave within AHEAD."""
        while (seconds := self.wait()) > SOON:
            await self._sleep(seconds - SOON)
        with self._one_at_a_time:
            return max(1, min(messages, self._free(self._now() + AHEAD)))

    async def take(self) -> None:
        """Returns when a message may leave; it must leave before anything else is awaited."""
        while seconds := self._try():
            await self._sleep(seconds)

    def refused(self) -> None:
        """The gateway said that messages came too fast."""
        with self._one_at_a_time:
            now = self._now()
            self._share = max(SLOWEST, self._share_at(now) / 2)
            self._shared_at = now

    def wait(self) -> float:
        """In how many seconds a message may leave; 0 for now."""
        with self._one_at_a_time:
            return self._wait(self._now())

    def _try(self) -> float:
        """A message leaves now, and 0 is returned; or in how many seconds it may."""
        with self._one_at_a_time:
            now = self._now()
            seconds = self._wait(now)
            if not seconds:
                self._left.append(now)
            return seconds

    def _wait(self, now: float) -> float:
        at_once = self._at_once(now)
        if len(self._left) < at_once:
            return 0.0
        return max(0.0, self._left[-at_once] + SECONDS - now)

    def _free(self, at: float) -> int:
        """How many messages may leave up to a time, if none does before."""
        recent = sum(1 for left in self._left if at - left < SECONDS)
        return self._at_once(at) - recent

    def _at_once(self, now: float) -> int:
        return max(1, int(self.limit * self._share_at(now)))

    def _share_at(self, now: float) -> float:
        return min(1.0, self._share + max(0.0, now - self._shared_at) / RECOVERY_SECONDS)
