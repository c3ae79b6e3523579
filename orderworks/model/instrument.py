"""What can be traded, and on which grid."""

from dataclasses import dataclass
from decimal import Decimal

ONE_DOLLAR = Decimal(1)

DEFAULT_LOT = 1
"""Shares a lot where nothing else is known."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A US stock: its price grid and its lot.

    The grid is that of Regulation NMS rule 612: a cent from one dollar up, a hundredth of a cent
    below; ``tick`` replaces it where a venue asks for a coarser one.
    """

    symbol: str
    lot_size: int = DEFAULT_LOT
    tick: Decimal | None = None

    def tick_at(self, price: Decimal) -> Decimal:
        """The price increment that an order at ``price`` must respect."""
        if self.tick is not None:
            return self.tick
        return Decimal("0.01") if price >= ONE_DOLLAR else Decimal("0.0001")
