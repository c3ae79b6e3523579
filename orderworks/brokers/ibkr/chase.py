"""When the broker is asked again for what it has not said of itself: a pure kernel."""

TRIES = 3
"""How often executions are asked for before one is told without what it cost."""


class Chase:
    """Something that should come and does not: asked for every ``seconds``, at most ``TRIES`` times."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next_at: float | None = None
        self._tries = 0

    @property
    def is_over(self) -> bool:
        """Whether it was asked for often enough."""
        return self._tries >= TRIES

    def is_due(self, lacking: bool, now: float) -> bool:
        """Whether it is to be asked for now; that counts as a try. What has come is forgotten."""
        if not lacking:
            self._next_at, self._tries = None, 0
            return False
        if self._next_at is None:
            self._next_at = now + self._seconds
        if now < self._next_at or self.is_over:
            return False
        self._next_at, self._tries = now + self._seconds, self._tries + 1
        return True
