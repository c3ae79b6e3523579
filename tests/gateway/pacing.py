"""How many messages a client may send: 50 in any second; the third time that it is more ends it."""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto


class Verdict(Enum):
    """What becomes of a message."""

    TAKEN = auto()
    REFUSED = auto()  # it is answered with error 100
    CUT = auto()  # and the client is disconnected


@dataclass(slots=True)
class Pacing:
    """Of one client. What goes beyond the limit within one second is one breach."""

    limit: int = 50
    breaches: int = 3
    _taken: deque[float] = field(default_factory=deque)
    _breached: list[float] = field(default_factory=list)

    def take(self, at: float) -> Verdict:
        """Judges a message that comes at a time in seconds, no earlier than those before it."""
        while self._taken and at - self._taken[0] >= 1:
            self._taken.popleft()
        if len(self._taken) < self.limit:
            self._taken.append(at)
            return Verdict.TAKEN
        if not self._breached or at - self._breached[-1] >= 1:
            self._breached.append(at)
        return Verdict.REFUSED if len(self._breached) < self.breaches else Verdict.CUT
