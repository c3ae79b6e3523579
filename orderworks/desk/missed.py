"""Slices whose time passed without their being sent: a pure kernel.

A slice is missed where it still waits when the next one of its parent is due: the worker was down, or
the symbol locked. How much of that is worked into the next slice is a policy; what is not, waits on for
the slices after it, or is given up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from orderworks.ledger.orders import OrderRecord


class MissedPolicy(StrEnum):
    """What becomes of slices that were missed."""

    CATCH_UP = "catch_up"  # worked into the next, as far as the volume meanwhile allows
    SHRINK = "shrink"  # spread over what is left of the horizon
    SKIP = "skip"  # given up: the parent becomes so much smaller


@dataclass(frozen=True, slots=True)
class Missed:
    """How slices that were missed are made up for.

    Attributes:
        caps: of catching up, by parent: the shares that may be added to its next slice; a parent that
            is not named has no cap.
    """

    policy: MissedPolicy = MissedPolicy.CATCH_UP
    caps: Mapping[str, int] = field(default_factory=dict)

    def worked_in(self, parent: OrderRecord, slices: Sequence[OrderRecord], to_come: int) -> int:
        """How many of a parent's missed slices, oldest first, are worked into the one due now.

        Args:
            slices: the missed ones.
            to_come: how many are due later.
        """
        match self.policy:
            case MissedPolicy.SKIP:
                return 0
            case MissedPolicy.SHRINK:
                return -(-len(slices) // (1 + to_come))
            case MissedPolicy.CATCH_UP:
                cap = self.caps.get(parent.client_order_id)
                return len(slices) if cap is None else _within(cap, slices)


def _within(cap: int, slices: Sequence[OrderRecord]) -> int:
    """How many, from the first on, come to no more than ``cap`` shares."""
    total = 0
    for count, one in enumerate(slices):
        total += one.planned_quantity
        if total > cap:
            return count
    return len(slices)
