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
    """Of one client. What goes beyond the limit within one window is one breach.

    Attributes:
        window: seconds. Less than one: what was sent over a second may arrive over less, and a client
            that keeps to 45 a second is not to be refused for it.
    """

    limit: int = 50
    breaches: int = 3
    window: float = 0.9
    _taken: deque[float] = field(default_factory=deque)
    _breached: list[float] = field(default_factory=list)

    def take(self, at: float) -> Verdict:
        """Judges a message that comes at a time in seconds, no earlier than those before it."""
        while self._taken and at - self._taken[0] >= self.window:
            self._taken.popleft()
        if len(self._taken) < self.limit:
            self._taken.append(at)
            return Verdict.TAKEN
        if not self._breached or at - self._breached[-1] >= self.window:
            self._breached.append(at)
        return Verdict.REFUSED if len(self._breached) < self.breaches else Verdict.CUT
