"""The time at a gateway of another process, which stands but while somebody waits."""

import asyncio
import socket
from datetime import datetime

from orderworks.model.loopback import LOOPBACK

TURNS = 3
"""Of the loop, after which it has heard what the gateway told on the way."""


class SteeredClock:
    """A clock that lets the market go on to the moment that is waited for, at once.

    Args:
        port: on which the gateway is steered.
    """

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection((LOOPBACK, port))
        self._answers = self._line.makefile(encoding="ascii")
        self._now = datetime.fromisoformat(self._ask("time"))

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, moment: datetime) -> None:
        if moment > self._now:
            answer = self._ask(f"go-on {moment.isoformat()}")
            assert answer == "done", answer
            self._now = moment
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def _ask(self, line: str) -> str:
        # The loop stands meanwhile, as the market does while it runs.
        self._line.sendall(f"{line}\n".encode())
        return self._answers.readline().strip()
