"""How long messages take between a client and the exchange."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import blake2b

NONE = timedelta(0)


class Leg(StrEnum):
    """A way that messages go."""

    SUBMIT = "submit"  # from an order's being sent to its being in the book
    ACK = "ack"  # from what was asked for being done, or refused, to the answer
    FILL = "fill"  # from an execution, or an end that nobody asked for, to its report
    CANCEL = "cancel"  # from a cancel or a correction being sent to its taking effect


@dataclass(frozen=True, slots=True)
class Latencies:
    """The time that each leg takes; up to ``jitter`` is added, drawn from a seed.

    Raises:
        ValueError: naming the field that cannot be.
    """

    submit: timedelta = NONE
    ack: timedelta = NONE
    fill: timedelta = NONE
    cancel: timedelta = NONE
    jitter: timedelta = NONE

    def __post_init__(self) -> None:
        for name in (*Leg, "jitter"):
            if getattr(self, name) < NONE:
                raise ValueError(f"{name} must not be negative, not {getattr(self, name)}")

    def of(self, leg: Leg, seed: int, message: Callable[[], str]) -> timedelta:
        """How long one message takes: for one seed and message always the same."""
        base: timedelta = getattr(self, leg)
        if not self.jitter:
            return base
        digest = blake2b(f"{seed}:{leg}:{message()}".encode(), digest_size=8).digest()
        return base + self.jitter * (int.from_bytes(digest) / 2**64)
