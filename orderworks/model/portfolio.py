"""What an account holds."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Position(NamedTuple):
    """A net holding: signed shares, and what each of them cost.

    ``share_cost`` is an average price where a broker tells it: a sale leaves that of the rest. The books
    have the money that was paid for the position, less what it has paid: theirs is the break-even price,
    at which nobody need ever have traded and which can be below 0.
    """

    symbol: str
    quantity: int
    share_cost: Decimal


@dataclass(frozen=True, slots=True)
class Portfolio:
    """An account's cash and positions at one moment."""

    account: str
    cash: Decimal
    positions: dict[str, Position]
