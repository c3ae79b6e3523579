"""How many messages a broker may be sent, and when: a token bucket that its refusals slow down. Pure.

Time comes in as seconds of any clock that never goes back.
"""

SLOWEST = 1 / 16
"""The share of its rate below which no refusal brings a bucket: it must get on."""
RECOVERY_SECONDS = 60.0
"""In which a bucket would come back from standing still to its full rate."""
_DUST = 1e-9
"""Of a token: what floating point leaves of one that is there."""


class TokenBucket:
    """Lets at most ``burst + rate * t`` messages through in any ``t`` seconds.

    A refusal empties it and halves the rate, which comes back evenly: additive increase,
    multiplicative decrease (D.-M. Chiu and R. Jain, "Analysis of the Increase and Decrease
    Algorithms for Congestion Avoidance in Computer Networks", 1989).

    Raises:
        ValueError: unless there is a rate, and room for one message.
    """

    def __init__(self, rate: float, burst: int, now: float) -> None:
        if not (rate > 0 and burst >= 1):
            raise ValueError(f"a bucket needs rate > 0 and burst >= 1, not {rate} and {burst}")
        self.rate = rate
        self.burst = burst
        self._tokens = float(burst)
        self._share = 1.0
        self._at = now

    @classmethod
    def within(cls, limit: int, now: float) -> "TokenBucket":
        """The bucket that lets no more than ``limit`` messages through in any one second.

        A fifth of them may come at once: the more could, the slower the others would have to.
        """
        burst = max(1, limit // 5)
        return cls(limit + 1 - burst, burst, now)

    def wait(self, messages: int, now: float) -> float:
        """In how many seconds so many messages may leave; 0 where they may now.

        Raises:
            ValueError: if they are more than ever may leave at once.
        """
        if messages > self.burst:
            raise ValueError(f"{messages} messages never fit a burst of {self.burst}")
        self._refill(now)
        missing = messages - self._tokens
        # The rate can only have grown by then.
        return missing / (self.rate * self._share) if missing > _DUST else 0.0

    def take(self, messages: int, now: float) -> float:
        """Takes the tokens of so many messages, which leave now; or says in how many seconds they may."""
        seconds = self.wait(messages, now)
        if not seconds:
            self._tokens = max(0.0, self._tokens - messages)
        return seconds

    def penalise(self, now: float) -> None:
        """The broker refused a message for coming too fast."""
        self._refill(now)
        self._tokens = 0.0
        self._share = max(SLOWEST, self._share / 2)

    def _refill(self, now: float) -> None:
        """Adds the integral of a rate that rises evenly until it is the whole rate."""
        passed = max(0.0, now - self._at)
        rising = min(passed, (1 - self._share) * RECOVERY_SECONDS)
        grown = self._share + rising / RECOVERY_SECONDS
        full_seconds = rising * (self._share + grown) / 2 + (passed - rising)
        self._tokens = min(float(self.burst), self._tokens + self.rate * full_seconds)
        self._share = min(1.0, grown)
        self._at = max(self._at, now)
