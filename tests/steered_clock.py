"""The time at a gateway of another process, which stands but while somebody waits."""

import asyncio
import os
import socket
from datetime import datetime

from orderworks.model.clock import ReplayClock
from orderworks.model.loopback import LOOPBACK

STEERED_AT = "STEERED_AT"
"""The variable that names the port by which a gateway's time goes on."""
TURNS = 3
"""Of the loop, after which it has heard what the gateway told on the way."""


class SteeredClock(ReplayClock):
    """A clock that lets the market go on to the moment that is waited for, at once."""

    def __init__(self) -> None:
        self._line = socket.create_connection((LOOPBACK, int(os.environ[STEERED_AT])))
        self._answers = self._line.makefile(encoding="ascii")
        super().__init__(datetime.fromisoformat(self._ask("time")))

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
