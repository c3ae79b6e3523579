"""How fast messages leave: below what makes ib_async queue them, where a broken line would lose them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic

AT_ONCE, SECONDS = 8, 0.25
"""So many messages in any so many seconds. ib_async queues from 45 in a second on and a gateway refuses
from 50 on: what is left is for questions, and for messages that catch one another up on the way."""


class Pace:
    """Lets no more than ``at_once`` messages leave in any ``seconds``."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        seconds: float = SECONDS,
        now: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._at_once = at_once
        self._seconds = seconds
        self._now = now
        self._sleep = sleep
        self._left: deque[float] = deque()

    async def room_for(self, messages: int) -> int:
        """Waits until one may leave; how many of ``messages`` may leave at once."""
        while not (free := self._free()):
            await self._sleep(max(0.0, self._left[0] + self._seconds - self._now()))
        return min(messages, free)

    async def take(self) -> None:
        """Returns when a message may leave, which then counts as having left."""
        await self.room_for(1)
        self._left.append(self._now())

    def _free(self) -> int:
        while self._left and self._now() - self._left[0] >= self._seconds:
            self._left.popleft()
        return self._at_once - len(self._left)
