"""When messages arrived, however long it took to come to them: pacing is judged by that."""

import asyncio
import time
from collections import deque


class Arrivals:
    """Of one connection: how many bytes had arrived, and when; told by one thread, read by another."""

    def __init__(self) -> None:
        self._total = 0
        self._parts: deque[tuple[int, float]] = deque()

    def note(self, size: int) -> None:
        """So many more bytes have arrived now."""
        self._total += size
        self._parts.append((self._total, time.monotonic()))

    def of(self, place: int) -> float:
        """When the byte at a place had arrived: monotonic seconds. Places are asked for in their order."""
        while self._parts[0][0] < place:
            self._parts.popleft()
        return self._parts[0][1]


class TimedReader(asyncio.StreamReader):
    """A reader that knows when the last byte that was read of it had arrived: monotonic seconds."""

    def __init__(self, arrivals: Arrivals) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.arrived = time.monotonic()
        self._read_so_far = 0
        self._arrivals = arrivals

    async def readexactly(self, n: int) -> bytes:
        data = await super().readexactly(n)
        self._read_so_far += n
        self.arrived = self._arrivals.of(self._read_so_far)
        return data
