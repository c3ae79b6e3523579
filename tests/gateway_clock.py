"""The time at a test gateway, for those who trade there."""

import asyncio
from datetime import datetime

from gateway.gateway import Gateway


class GatewayClock:
    """The market's time at a gateway, which runs as the wall's does."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def now(self) -> datetime:
        return self._gateway.clock.now()

    async def sleep_until(self, moment: datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - self.now()).total_seconds()))
