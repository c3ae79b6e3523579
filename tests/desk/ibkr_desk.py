"""A desk at Interactive Brokers: a test gateway whose market stands, and orders small enough to read."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from gateway.faults import Faults
from gateway.gateway import PAPER_ACCOUNT, Gateway, paper_terms
from gateway.running import running
from gateway.small_session import SESSION
from gateway_clock import StandingClock
from plan_columns import ORDER_COLUMNS, by_column
from synthetic_day import OPENING_CASH
from working_orders import order, row

from orderworks.brokers.ibkr.adapter import IbkrBroker
from orderworks.desk.desk import Desk, open_desk
from orderworks.desk.reconciliation import Reconciled, reconcile
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.orders import OrderRecord, orders_by_id
from orderworks.ledger.runs import Plan, freeze_plan, start_run
from orderworks.market.replay import ReplayMarket
from orderworks.model.errors import BrokerError
from orderworks.model.order import Side, TimeInForce
from orderworks.settings import load_settings


@dataclass
class Trading:
    """A desk that works its account at a gateway; its process may end, and begin anew."""

    gateway: Gateway
    port: int
    url: str
    market: ReplayMarket
    ask_seconds: float
    _process: AsyncExitStack = field(default_factory=AsyncExitStack)
    _desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        assert self._desk is not None
        return self._desk

    async def begin(self) -> None:
        """A process that takes the account over."""
        there = {
            "port": self.port,
            "account_id": PAPER_ACCOUNT,
            "connect_seconds": 2,
            "ask_seconds": self.ask_seconds,
            "answer_seconds": 0.2,
            "no_send": [],
        }
        settings = load_settings(broker={"ibkr": there})
        clock = StandingClock(self.gateway)
        broker = IbkrBroker(self.url, settings.broker.ibkr, clock, paper=True)
        self._desk = await self._process.enter_async_context(
            open_desk(settings, self.url, SESSION, self.market, broker, clock)
        )
        assert await self.desk.take_over()

    async def end(self) -> None:
        await self._process.aclose()


@asynccontextmanager
async def trading(
    url: str,
    market: ReplayMarket,
    *orders: OrderRecord,
    faults: Faults | None = None,
    ask_seconds: float = 2,
) -> AsyncIterator[Trading]:
    """A desk that has taken its account over at a gateway, reconciled, and planned these orders.

    Args:
        faults: what befalls messages from then on.
        ask_seconds: how long the answer to a question may take.
    """
    terms = paper_terms(cash=OPENING_CASH)
    async with running(url, market, SESSION, terms) as (gateway, port):
        at = Trading(gateway, port, url, market, ask_seconds)
        await at.begin()
        try:
            assert (await reconcile(at.desk, None)).is_clean
            run = start_run(at.desk.ledger, PAPER_ACCOUNT, "daily:now", "daily", SESSION.date, {})
            freeze_plan(at.desk.ledger, run, plan_with_exits(orders))
            gateway.faults = faults or gateway.faults
            yield at
        finally:
            await at.end()


@asynccontextmanager
async def working(
    url: str, recorded: ReplayMarket, *orders: OrderRecord, faults: Faults | None = None
) -> AsyncIterator[tuple[Desk, Gateway]]:
    """A desk with these orders planned, and its gateway."""
    async with trading(url, recorded, *orders, faults=faults) as at:
        yield at.desk, at.gateway


def plan_with_exits(orders: Sequence[OrderRecord]) -> Plan:
    names = (*ORDER_COLUMNS, "attached_to", "oca_group", "stop_price", "remainder", "native")
    rows = [
        (
            *row(one),
            *(one.attached_to, one.oca_group, one.stop_price, one.remainder),
            None if one.native is None else json.dumps(one.native),
        )
        for one in orders
    ]
    return Plan("ab" * 32, SESSION.open, SESSION.close, {}, {}, by_column(names, rows))


def planned(name: str, quantity: int, limit: str, **changes: Any) -> OrderRecord:
    """An order to buy ACME at a limit of its own, due at the open."""
    return replace(
        order("x", quantity, account=PAPER_ACCOUNT, symbol="ACME", algo="none"),
        **{
            "client_order_id": f"ow-{name}",
            "limit_price": Decimal(limit),
            "route_rule": "SIGNAL",
            "due_at": SESSION.open,
            "ends_at": SESSION.close,
        }
        | changes,
    )


def exit_of(name: str, entry: str, quantity: int, rule: str, **changes: Any) -> OrderRecord:
    usual = {
        "side": Side.SELL.value,
        "route_rule": rule,
        "attached_to": f"ow-{entry}",
        "oca_group": f"oca-{entry}",
        "tif": TimeInForce.GTC.value,
    }
    return planned(name, quantity, "1", **usual | changes)


async def wave(desk: Desk, seconds: float = 0.3) -> None:
    now = desk.clock.now()
    await work_wave(desk, Wave(0, now, now + timedelta(seconds=seconds)))


def states(desk: Desk, *names: str) -> list[tuple[str, int]]:
    ids = [f"ow-{name}" for name in names]
    found = orders_by_id(desk.ledger, ids)
    return [(found[i].state.value, found[i].filled_quantity) for i in ids]


async def persisted(desk: Desk) -> Reconciled:
    """A reconciliation, over a line that is made again as often as it breaks."""
    for _ in range(30):
        try:
            await desk.broker.close()
            await desk.broker.connect()
            return await reconcile(desk, None)
        except BrokerError:
            continue
    raise AssertionError("the line never held")
