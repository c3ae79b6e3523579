"""How often bars of the past may be asked for. Pure.

IBKR's limits: not the same request within 15 seconds, fewer than 6 of one contract and kind within 2, and no
more than 60 in 10 minutes, where one of bids and asks counts twice. For bars of a minute and more it says
that the last one is lifted, and that a soft one remains of which it gives no number.
Source: "Historical Data Limitations", TWS API documentation.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

SAME, SAME_SECONDS = 1, 15.0
OF_CONTRACT, CONTRACT_SECONDS = 5, 2.0
ALL_SECONDS = 600.0


@dataclass(slots=True)
class HistoryPace:
    """Of one gateway: ``limit`` is how many requests 10 minutes have room for."""

    limit: int
    _asked: deque[tuple[float, Hashable, Hashable, int]] = field(default_factory=deque)

    def wait_for(self, request: Hashable, contract: Hashable, at: float, weight: int = 1) -> float:
        """Seconds from ``at`` until a request may leave: 0 for now.

        Args:
            request: what makes it the same as another one.
            contract: the contract and kind of data.
            at: seconds, no earlier than those of any request before.
            weight: what it counts.
        """
        while self._asked and at - self._asked[0][0] >= ALL_SECONDS:
            self._asked.popleft()
        same = [(when, 1) for when, one, _, _ in self._asked if one == request]
        of_contract = [(when, 1) for when, _, one, _ in self._asked if one == contract]
        every = [(when, counts) for when, _, _, counts in self._asked]
        return max(
            _wait(same, SAME, SAME_SECONDS, at, 1),
            _wait(of_contract, OF_CONTRACT, CONTRACT_SECONDS, at, 1),
            _wait(every, self.limit, ALL_SECONDS, at, weight),
        )

    def room(self, at: float, share: float) -> int:
        """How many requests of different contracts may leave at once within a share of the limit."""
        used = sum(counts for when, _, _, counts in self._asked if at - when < ALL_SECONDS)
        return max(0, max(1, int(self.limit * share)) - used)

    def take(self, request: Hashable, contract: Hashable, at: float, weight: int = 1) -> None:
        """A request leaves now."""
        self._asked.append((at, request, contract, weight))


def _wait(
    asked: list[tuple[float, int]], limit: int, seconds: float, at: float, weight: int
) -> float:
    """Until enough of what was asked is ``seconds`` old to leave room for ``weight`` more."""
    recent = [(when, counts) for when, counts in asked if at - when < seconds]
    surplus = sum(counts for _, counts in recent) + weight - limit
    for when, counts in recent:
        if surplus <= 0:
            return 0.0
        surplus -= counts
        if surplus <= 0:
            return when + seconds - at
    return 0.0 if surplus <= 0 else seconds
