"""Where a book is on its reel: the next event that may matter to it.

Most orders trade at the first event, and most others wait for a price that few events reach. So a
few events are made of the tape at first, then more at a time, and at last only those that reach a
price that the book waits for.
"""

from collections.abc import Callable

import numpy as np

from orderworks.brokers.simulated.matching.event import Event, Reach
from orderworks.brokers.simulated.matching.reel import BEGINNING, NEVER, Reel

FEW, ALL_OF, LARGEST, GROWTH = 1, 32, 4096, 8
"""Rows to begin with, the most of which every event is made, the most at all, by what they grow."""

_NONE = np.zeros(0, np.int64)


class Playhead:
    """Goes along a reel once, forward.

    Args:
        reel: the symbol's tape.
        reach: the prices that the book waits for at the moment; None where every event matters.
    """

    __slots__ = (
        "_events",
        "_is_sifted",
        "_made",
        "_place",
        "_reach",
        "_reel",
        "_size",
        "_stretch",
        "_times",
    )

    def __init__(self, reel: Reel, reach: Callable[[], Reach | None]) -> None:
        self._reel = reel
        self._reach = reach
        self._events: list[Event] = []
        self._place = 0
        self._made = -NEVER
        """Up to when the events that matter are made."""
        self._is_sifted = False
        self._times = _NONE
        """Of the events of the stretch that matter and are not made yet."""
        self._stretch = BEGINNING
        self._size = FEW

    def go_to(self, at: int) -> None:
        """Leaves behind what happened up to a time."""
        while self._place < len(self._events) and self._events[self._place].ts <= at:
            self._place += 1
        if at > self._made:
            self._begin_at(at)

    def look_again(self, at: int) -> None:
        """The book waits for other prices from a time on: what was passed over may matter now."""
        if self._is_sifted:
            self._begin_at(at)
        self._size = min(self._size, ALL_OF)

    def next(self, until: int) -> Event | None:
        """The next event by a time that may matter; None where there is none."""
        while self._place == len(self._events):
            if self._made >= until:
                return None
            self._make_more()
        event = self._events[self._place]
        if event.ts > until:
            return None
        self._place += 1
        return event

    def _begin_at(self, at: int) -> None:
        self._events, self._place, self._made = [], 0, at
        self._times, self._is_sifted = _NONE, False
        self._stretch, self._size = self._reel.stretch(at, at), FEW

    def _make_more(self) -> None:
        if not len(self._times):
            self._wind()
        if self._is_sifted:
            self._events, self._times = (
                self._reel.events_at(self._times[:ALL_OF]),
                self._times[ALL_OF:],
            )
        self._place = 0
        is_through = not len(self._times)
        self._made = self._stretch.until if is_through else self._events[-1].ts

    def _wind(self) -> None:
        """Goes on to the next stretch."""
        reach = self._reach() if self._size > ALL_OF else None
        self._is_sifted = reach is not None
        size = self._size if self._is_sifted else min(self._size, ALL_OF)
        self._stretch = self._reel.following(self._stretch, size)
        self._size = min(GROWTH * self._size, LARGEST)
        if reach is not None:
            self._times = self._reel.times_reaching(self._stretch, reach)
        else:
            self._events = self._reel.events(self._stretch)
