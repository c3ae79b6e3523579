"""What has happened in books, and which of their orders have changed, until someone asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderworks.brokers.simulated.matching.resting import Happening, Resting

if TYPE_CHECKING:
    from orderworks.brokers.simulated.matching.ladder import Level


class Journal:
    """Kept by one book, or by several whose orders have numbers of one sequence.

    Attributes:
        happened: executions and ends; those of one book in order.
        changed: by number, the orders, open or ended, that have changed.
        moved: the levels whose displayed queue has moved, with all their orders.
    """

    __slots__ = ("changed", "happened", "moved")

    def __init__(self) -> None:
        self.happened: list[Happening] = []
        self.changed: dict[int, Resting] = {}
        self.moved: dict[Level, None] = {}

    def take_happened(self) -> list[Happening]:
        """What has happened since this was last asked."""
        happened, self.happened = self.happened, []
        return happened

    def take_changed(self) -> list[Resting]:
        """The orders that have changed since this was last asked."""
        for level in self.moved:
            self.changed |= level.orders
        self.moved.clear()
        changed, self.changed = self.changed, {}
        return list(changed.values())
