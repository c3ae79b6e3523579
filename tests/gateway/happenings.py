"""What happens to an order at the broker, before anyone is told."""

from dataclasses import dataclass
from typing import TypeAlias

from .book import BookedExecution, BookedOrder


@dataclass(frozen=True, slots=True)
class Shown:
    """The broker shows the order as it is now."""

    order: BookedOrder


@dataclass(frozen=True, slots=True)
class Executed:
    """An execution, or the correction of one."""

    order: BookedOrder
    execution: BookedExecution


@dataclass(frozen=True, slots=True)
class Ended:
    """The order has ended without filling: cancelled, expired (202) or rejected (201).

    ``shown``: its last status is told behind the error.
    """

    order: BookedOrder
    code: int
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """What was asked of the order was not done; it stays as it was."""

    order: BookedOrder
    code: int
    reason: str


Happening: TypeAlias = Shown | Executed | Ended | Failed
