"""Orders that belong together: one cancels the other, and the bracket."""

from dataclasses import dataclass, replace
from itertools import pairwise

from orderworks.model.order import Order, OrderType


@dataclass(frozen=True, slots=True)
class Oco:
    """Two orders of which one cancels the other: together they fill no more than one of them is.

    Raises:
        ValueError: naming the field in which the legs do not belong together.
    """

    first: Order
    second: Order

    def __post_init__(self) -> None:
        _require_same(self.first, self.second, ("account", "symbol", "side", "quantity"))
        _require_one_group(self.first, self.second)
        if self.first.client_order_id == self.second.client_order_id:
            raise ValueError("client_order_id must tell the legs apart")


@dataclass(frozen=True, slots=True)
class Bracket:
    """An entry with its protective stop and, where there is one, its take profit.

    The exits are attached to the entry and cancel one another: they never fill more than the entry
    has. For a long entry stop < entry < target, for a short one the reverse; prices that are not
    known before the market is (a market entry's, a trailing stop's) are passed over.

    Raises:
        ValueError: naming the field that cannot be.
    """

    entry: Order
    stop: Order
    target: Order | None = None

    def __post_init__(self) -> None:
        if self.stop.order_type not in STOPS:
            raise ValueError(f"stop must be a stop order, not a {self.stop.order_type} order")
        exits = [self.stop]
        if self.target is not None:
            if self.target.order_type is not OrderType.LIMIT:
                raise ValueError(
                    f"target must be a limit order, not a {self.target.order_type} order"
                )
            exits.append(self.target)
            _require_one_group(self.stop, self.target)
        mirrored = replace(self.entry, side=self.entry.side.opposite)
        for leg in exits:
            _require_same(mirrored, leg, ("account", "symbol", "side", "quantity"))
            if leg.attached_to != self.entry.client_order_id:
                raise ValueError(
                    f"attached_to must be the entry {self.entry.client_order_id}, "
                    f"not {leg.attached_to}"
                )
        self._check_prices()

    def _check_prices(self) -> None:
        """Long: stop < entry < target; short: the reverse; what has no price is passed over."""
        sign = self.entry.side.sign
        prices = [
            ("stop", self.stop.stop_price),
            ("entry", self.entry.limit_price),
            ("target", None if self.target is None else self.target.limit_price),
        ]
        known = [(name, price) for name, price in prices if price is not None]
        for (lower, low), (upper, high) in pairwise(known):
            if sign * (high - low) <= 0:
                word = "above" if sign > 0 else "below"
                raise ValueError(
                    f"{upper} price must be {word} the {lower} price {low} for a "
                    f"{self.entry.side} entry, not {high}"
                )


STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
"""The order types that protect."""


def _require_same(one: Order, other: Order, fields: tuple[str, ...]) -> None:
    for name in fields:
        if getattr(one, name) != getattr(other, name):
            raise ValueError(
                f"{name} must be {getattr(one, name)} on both, not {getattr(other, name)} on "
                f"{other.client_order_id}"
            )


def _require_one_group(one: Order, other: Order) -> None:
    if one.oca_group is None or one.oca_group != other.oca_group:
        raise ValueError(
            f"oca_group must be the same on both, not {one.oca_group} and {other.oca_group}"
        )
