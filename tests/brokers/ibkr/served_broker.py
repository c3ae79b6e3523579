"""The adapter at a gateway on loopback, and orders small enough to read."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from gateway.gateway import PAPER_ACCOUNT, Gateway
from gateway.requests import Request
from gateway_clock import GatewayClock

from orderworks.brokers.adapter import Report, Snapshot
from orderworks.brokers.ibkr.adapter import IbkrBroker
from orderworks.model.order import Order, OrderType, Side
from orderworks.settings import IbkrBroker as IbkrSettings

ANSWER_SECONDS = 0.5


@dataclass
class Served:
    """A gateway, and the way to connect to it."""

    gateway: Gateway
    port: int
    url: str

    def settings(self, **changes: Any) -> IbkrSettings:
        """The settings that lead here; some can be others."""
        usual: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "client_id": 1,
            "account_id": PAPER_ACCOUNT,
            "connect_seconds": 5,
            "ask_seconds": 5,
            "answer_seconds": ANSWER_SECONDS,
            "market_data_lines": 100,
            "first_quote_seconds": 0.5,
            "history_requests": 60,
            "history_wait_seconds": 0.5,
            "allow_delayed_quotes": False,
            "clock": "wall",
            "what_if_orders": 1,
            "what_if_per_minute": 60,
            "what_if_seconds": 2,
            "no_send": (),
        }
        return IbkrSettings(**usual | changes)

    def broker(self, **changes: Any) -> IbkrBroker:
        """A broker of the account; settings, ``paper`` or ``listed_of`` can be others."""
        paper, listed_of = changes.pop("paper", True), changes.pop("listed_of", None)
        clock = GatewayClock(self.gateway)
        settings = self.settings(**changes)
        return IbkrBroker(self.url, settings, clock, paper=paper, listed_of=listed_of)

    @asynccontextmanager
    async def working(self, **changes: Any) -> AsyncIterator[IbkrBroker]:
        """A broker that has connected and looked: orders may be sent."""
        broker = self.broker(**changes)
        try:
            await broker.connect()
            await broker.snapshot()
            yield broker
        finally:
            await broker.close()

    def received(self, request: Request) -> int:
        """How many requests of a kind came to the gateway."""
        return sum(1 for _ in self.gateway.log.of(request))

    async def heard(self, broker: IbkrBroker, seconds: float = 0.2) -> list[Report]:
        """What the broker reports in the next seconds of the wall."""
        until = self.gateway.clock.now() + timedelta(seconds=seconds)
        return [report async for reports in broker.events(until) for report in reports]


Serving = Callable[..., AbstractAsyncContextManager[Served]]
"""Runs a gateway for a test."""


def limit(name: str, quantity: int, price: str, **changes: Any) -> Order:
    """An order to buy ACME at a limit; its name begins as ours do."""
    usual: dict[str, Any] = {
        "client_order_id": f"ow-{name}",
        "account": PAPER_ACCOUNT,
        "symbol": "ACME",
        "side": Side.BUY,
        "quantity": quantity,
        "order_type": OrderType.LIMIT,
        "limit_price": Decimal(price),
    }
    return Order(**usual | changes)


def kinds(reports: Sequence[Report], name: str | None = None) -> list[str]:
    """What was reported, of one order or of all."""
    wanted = None if name is None else f"ow-{name}"
    return [r.kind.value for r in reports if wanted in (None, r.client_order_id)]


def shown(snapshot: Snapshot, name: str) -> list[tuple[str, int, int]]:
    """The orders of a name in a snapshot: state, filled, quantity."""
    return [
        (one.state.value, one.filled_quantity, one.quantity)
        for one in snapshot.orders
        if one.client_order_id == f"ow-{name}"
    ]
