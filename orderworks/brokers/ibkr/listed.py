"""A stock as Interactive Brokers lists it, and which orders in it the broker would refuse. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ib_async import Contract

from orderworks.brokers.ibkr.contracts import stock
from orderworks.brokers.ibkr.price_grid import PriceGrid, off_grid
from orderworks.model.order import Order, Replacement


@dataclass(frozen=True, slots=True)
class Listed:
    """A stock that a symbol stands for: the broker's number of it, where it is listed, and its grids.

    ``size_increment`` is what its quantities are multiples of, 0 where the broker did not tell.
    """

    symbol: str
    con_id: int
    primary_exchange: str
    grid: PriceGrid
    size_increment: Decimal

    @property
    def contract(self) -> Contract:
        """What names it to the broker: its number, and not the symbol alone."""
        contract = stock(self.symbol)
        contract.conId, contract.primaryExchange = self.con_id, self.primary_exchange
        return contract

    @property
    def lot_size(self) -> int:
        """The whole shares that every quantity is a multiple of."""
        return Fraction(self.size_increment).numerator or 1

    def refusal(self, order: Order | Replacement) -> str | None:
        """Why the broker would refuse the prices or the quantity of an order; None where it would not."""
        if order.quantity % self.lot_size:
            return (
                f"its quantity {order.quantity} is no multiple of the broker's lot of {self.lot_size} "
                "for this symbol; nothing was sent"
            )
        return off_grid(order, self.grid)


ListedOf = Callable[[Sequence[str]], Mapping[str, Listed]]
"""Symbols as the broker lists them, without those that it does not know or has several of.

Raises BrokerError where that is not to be learnt now.
"""


def contract_of(listed: Mapping[str, Listed] | None, symbol: str) -> Contract:
    """The contract that an order in a symbol goes out for."""
    return stock(symbol) if listed is None else listed[symbol].contract


def refusal_of(
    order: Order | Replacement, symbol: str, listed: Mapping[str, Listed] | None
) -> str | None:
    """Why an order is not sent as it is; None where it may be.

    Args:
        listed: the symbols that can be traded; None where they are not examined.
    """
    if listed is None:
        return None
    if symbol not in listed:
        return f"the broker does not have exactly one US stock named {symbol}; nothing was sent"
    return listed[symbol].refusal(order)
