"""When messages arrived, however long it took to come to them: pacing is judged by that."""

import asyncio
import time
from collections import deque
from typing import Any


class TimedReader(asyncio.StreamReader):
    """A reader that knows when the last byte that was read of it had arrived: monotonic seconds."""

    def __init__(self) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.arrived = time.monotonic()
        self._fed = self._read_so_far = 0
        self._arrivals: deque[tuple[int, float]] = deque()

    def feed_data(self, data: Any) -> None:
        self._fed += len(data)
        self._arrivals.append((self._fed, time.monotonic()))
        super().feed_data(data)

    async def readexactly(self, n: int) -> bytes:
        data = await super().readexactly(n)
        self._read_so_far += n
        while self._arrivals[0][0] < self._read_so_far:
            self._arrivals.popleft()
        self.arrived = self._arrivals[0][1]
        return data
