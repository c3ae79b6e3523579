"""Time on the wall that passes by being waited for."""

import asyncio
from dataclasses import dataclass, field

from orderworks.brokers.patience import Patience, Timer


@dataclass
class Hourglass:
    """Seconds that pass as somebody waits, and in no other way."""

    passed: float = 0.0
    waits: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)

    def patience(self, seconds: float) -> Patience:
        return Patience(seconds, timer=Timer(lambda: self.passed, self.sleep))
