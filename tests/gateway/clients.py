"""Contracts and orders of the small market, what a client heard, and what befell its order."""

from typing import Any

from ib_async import IB, Contract, LimitOrder, MarketOrder, Order, Stock, Trade

from .faults import Fault
from .gateway import Gateway
from .requests import Request
from .running import settled

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


def heard_by(ib: IB, name: str) -> list[tuple[Any, ...]]:
    """The arguments of every call that the client's decoder makes of one message from now on."""
    heard: list[tuple[Any, ...]] = []
    before = getattr(ib.wrapper, name)

    def note(*arguments: Any) -> None:
        heard.append(arguments)
        before(*arguments)

    setattr(ib.wrapper, name, note)
    return heard


async def befallen(gateway: Gateway, ib: IB, fault: Fault, **others: Any) -> Trade:
    """An order to buy 150 at the market, sent in the second second, and what befalls it."""
    await gateway.advance(1)
    gateway.faults.next(Request.PLACE_ORDER, fault)
    trade = placed(ib, limit("BUY", 150, 100.05, orderRef="ow-a", **others))
    await settled(ib)
    return trade
