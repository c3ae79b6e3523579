"""The market's time: it runs at so many seconds a second, or stands until it is moved."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta


class MarketClock:
    """Goes on from ``start`` at ``speed`` times the wall's time; at 0 it stands.

    Args:
        monotonic: the wall's seconds.
    """

    def __init__(
        self,
        start: datetime,
        speed: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._from, self._since, self.speed = start, monotonic(), speed

    def now(self) -> datetime:
        """The market's time."""
        passed = (self._monotonic() - self._since) * self.speed
        return self._from + timedelta(seconds=passed)

    def move_to(self, at: datetime) -> None:
        """Goes on to a time at once, if that is later."""
        now = self.now()
        self._from, self._since = max(now, at), self._monotonic()

    def run(self, speed: float) -> None:
        """Goes on at another speed from here."""
        self.move_to(self.now())
        self.speed = speed
