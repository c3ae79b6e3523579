"""What time it is at a gateway that replays another day, from its answers in whole seconds."""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic

from orderworks.brokers.ibkr.market.line import DataLine
from orderworks.model.errors import BrokerError

EVERY_SECONDS = 0.25
"""Between two questions."""
FIRST_ANSWERS = 3
"""Answers that are waited for: from one alone nobody knows how fast time goes."""
LOOK_SECONDS = 0.05
"""The longest sleep before the time is looked at again: it may go faster by then."""
WINDOW = 20
"""Answers that the rate is seen from: some seconds, so that a change of speed is followed."""


class Carried:
    """A time that is told now and then and carried on at the rate seen in between; it never goes back."""

    def __init__(self) -> None:
        self._told: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._shown = 0.0

    def tell(self, seconds: float, at: float) -> None:
        """It was ``seconds`` when the wall's monotonic clock was ``at``."""
        self._told.append((at, seconds))

    @property
    def rate(self) -> float:
        """Seconds in one of the wall; 1 until it can be seen."""
        if len(self._told) < 2:
            return 1.0
        (since, first), (until, last) = self._told[0], self._told[-1]
        return max(0.0, (last - first) / (until - since)) if until > since else 1.0

    def at(self, wall: float) -> float:
        """The seconds at a moment of the wall's clock, no less than was said before.

        Raises:
            LookupError: before it was ever told.
        """
        if not self._told:
            raise LookupError("nothing was told yet")
        told_at, told = self._told[-1]
        self._shown = max(self._shown, told + self.rate * max(0.0, wall - told_at))
        return self._shown


class GatewayClock:
    """A ``Clock`` by the time of the gateway, for one that replays another day at another speed."""

    def __init__(self, line: DataLine, patience_seconds: float) -> None:
        self._line, self._patience = line, patience_seconds
        self._carried = Carried()
        self._asking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Asks for the first times, and goes on asking.

        Raises:
            Unreachable, Unanswered: if the gateway does not tell.
        """
        self._line.wait_for(self._begin(), self._patience)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._carried.at(monotonic()), UTC)

    async def sleep_until(self, moment: datetime) -> None:
        while (left := (moment - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(LOOK_SECONDS, left / max(self._carried.rate, 1.0)))

    async def _begin(self) -> None:
        for _ in range(FIRST_ANSWERS):
            await self._ask()
            await asyncio.sleep(EVERY_SECONDS)
        self._asking = asyncio.create_task(self._go_on_asking())

    async def _go_on_asking(self) -> None:
        while True:
            with suppress(BrokerError):
                await self._ask()
            await asyncio.sleep(EVERY_SECONDS)

    async def _ask(self) -> None:
        told = await self._line.ask("the time", lambda ib: ib.reqCurrentTimeAsync())
        self._carried.tell(told.timestamp(), monotonic())
