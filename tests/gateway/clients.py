"""Contracts and orders of the small market, and what a client heard."""

from typing import Any

from ib_async import IB, Contract, LimitOrder, MarketOrder, Order, Stock, Trade

ACME = Stock("ACME", "SMART", "USD")
BOLT = Stock("BOLT", "SMART", "USD")


def limit(action: str, quantity: float, price: float, **others: Any) -> Order:
    return LimitOrder(action, quantity, price, **{"tif": "DAY"} | others)


def market_order(action: str, quantity: float, **others: Any) -> Order:
    return MarketOrder(action, quantity, **{"tif": "DAY"} | others)


def placed(ib: IB, order: Order, contract: Contract = ACME) -> Trade:
    return ib.placeOrder(contract, order)


def status(trade: Trade) -> tuple[str, float, float]:
    """What the client takes the order for: status, filled, remaining."""
    told = trade.orderStatus
    return told.status, told.filled, told.remaining


class Errors(list[tuple[int, int]]):
    """The (id, code) of every error that a client is sent from now on, but for its greetings."""

    def __init__(self, ib: IB) -> None:
        super().__init__()
        ib.errorEvent += self._note

    def _note(self, of: int, code: int, text: str, contract: object) -> None:
        self.append((of, code))

    @property
    def codes(self) -> list[int]:
        return [code for _, code in self]
