"""What shares of three symbols are worth, at any time."""

from decimal import Decimal

from orderworks.brokers.simulated.matching.reel import NEVER
from orderworks.brokers.simulated.tapes import Mark

MARKS = {"A": Decimal(100), "B": Decimal("20.02"), "C": Decimal(2)}


class Still:
    """Marks that stand for ever."""

    def mark(self, symbol: str, at: int) -> Mark:
        return Mark(MARKS.get(symbol), NEVER)
