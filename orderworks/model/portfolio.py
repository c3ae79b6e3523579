"""What an account holds."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """A net holding: signed shares and their average price."""

    symbol: str
    quantity: int
    average_price: Decimal


@dataclass(frozen=True, slots=True)
class Portfolio:
    """An account's cash and positions at one moment."""

    account: str
    cash: Decimal
    positions: dict[str, Position]
