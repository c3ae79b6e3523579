"""The grid that a stock's prices lie on at Interactive Brokers: a market rule. Pure."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from orderworks.model.order import Order, Replacement


@dataclass(frozen=True, slots=True)
class PriceGrid:
    """From each of ``edges`` on, ascending from 0, prices are multiples of the increment beside it."""

    edges: tuple[Decimal, ...]
    increments: tuple[Decimal, ...]

    @classmethod
    def of(cls, steps: Mapping[Decimal, Decimal]) -> "PriceGrid":
        """Of increments by the price that they hold from.

        Raises:
            ValueError: if there is none from 0 on, or one that is not positive.
        """
        edges = tuple(sorted(steps))
        if not edges or edges[0] != 0:
            raise ValueError(f"a market rule must begin at a price of 0, not at {edges[:1]}")
        if any(steps[edge] <= 0 for edge in edges):
            raise ValueError(f"increments of a market rule must be positive, not {dict(steps)}")
        return cls(edges, tuple(steps[edge] for edge in edges))

    def increment_at(self, price: Decimal) -> Decimal:
        """Of which a price is to be a multiple; ``price`` is not negative."""
        return self.increments[bisect_right(self.edges, price) - 1]

    def contains(self, price: Decimal) -> bool:
        """Whether an order may have this price."""
        return price % self.increment_at(price) == 0


def off_grid(order: Order | Replacement, grid: PriceGrid | None) -> str | None:
    """Why a broker with this grid would refuse the prices of an order; None where it would not.

    A trailing stop has a distance and no price; without a grid nothing is known to be wrong.
    """
    if grid is None:
        return None
    for name, price in _prices(order):
        if not grid.contains(price):
            return (
                f"its {name} price {price} is off the broker's grid of {grid.increment_at(price)} "
                "for this symbol; nothing was sent"
            )
    return None


def _prices(order: Order | Replacement) -> Iterator[tuple[str, Decimal]]:
    for name, price in (("limit", order.limit_price), ("stop", order.stop_price)):
        if price is not None:
            yield name, price
