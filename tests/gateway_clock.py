"""The time at a test gateway of this process, for those who trade there."""

import asyncio
from datetime import datetime

from gateway.gateway import Gateway

TURNS = 5
"""Of the loop, after which a client has heard what it was told on the way."""


class GatewayClock:
    """The market's time at a gateway, which runs as the wall's does."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def now(self) -> datetime:
        return self._gateway.clock.now()

    async def sleep_until(self, moment: datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - self.now()).total_seconds()))


class StandingClock(GatewayClock):
    """The market's time at a gateway, which stands but for whoever waits: for them it goes on at once."""

    async def sleep_until(self, moment: datetime) -> None:
        if moment > self.now():
            await self._gateway.advance_to(moment)
        for _ in range(TURNS):
            await asyncio.sleep(0)
