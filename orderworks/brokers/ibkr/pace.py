"""How fast messages leave: below what makes ib_async queue them, where a broken line would lose them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic

PER_SECOND = 40
"""ib_async queues from 45 on, and a gateway takes 50; some are left for questions."""


class Pace:
    """Lets no more than ``per_second`` messages leave in any one second."""

    def __init__(
        self,
        per_second: int = PER_SECOND,
        now: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_second = per_second
        self._now = now
        self._sleep = sleep
        self._left: deque[float] = deque()

    async def room_for(self, messages: int) -> int:
        """Waits until one may leave; how many of ``messages`` may leave at once."""
        while not (free := self._free()):
            await self._sleep(max(0.0, self._left[0] + 1 - self._now()))
        return min(messages, free)

    async def take(self) -> None:
        """Returns when a message may leave, which then counts as having left."""
        await self.room_for(1)
        self._left.append(self._now())

    def _free(self) -> int:
        while self._left and self._now() - self._left[0] >= 1:
            self._left.popleft()
        return self._per_second - len(self._left)
