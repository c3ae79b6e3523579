"""A run that is worked at an exchange behind a socket, and one behind faults of every kind.

Judged by the exchange's own record: what reached it, and what it traded.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging import exchange_total, require_sound_books, rows
from synthetic_day import OPENING_CASH
from working_orders import ACCOUNT, RUN_KEY, SESSION, START, at, family, plan_orders

from orderworks.brokers.adapter import BrokerAdapter
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.client import RemoteSimulatedBroker
from orderworks.brokers.simulated.faults import Fault, FaultPlan, Scripted, everywhere
from orderworks.brokers.simulated.faulty import FaultyBroker, FaultyLine
from orderworks.brokers.simulated.line import Line
from orderworks.brokers.simulated.messages import Message
from orderworks.brokers.simulated.server import ExchangeServer, ServedExchange, opens_exchange
from orderworks.brokers.simulated.terms import Terms
from orderworks.desk.desk import open_desk
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.waves import Wave, waves, work_wave
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.orders import has_work
from orderworks.ledger.runs import find_run
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.market.synthetic import write_session
from orderworks.market.universe import Listing
from orderworks.model.clock import Clock, ReplayClock, WallClock
from orderworks.model.errors import BrokerError, OrdersUnsettled
from orderworks.settings import load_settings

pytestmark = pytest.mark.proof

LISTINGS = {"AAPL": Listing(100.0, 50_000_000, 0.015, 1)}
TERMS = Terms(ACCOUNT, OPENING_CASH, 0.1, "fixed", allow_short=False)
DAY = require_session(SESSION)
PARENTS = [
    *family("p", 900, 40, 900, remainder="sweep"),
    *family("q", 60, 40, 60, remainder="sweep"),
    *family("r", 9_000, 9_000, remainder="sweep"),
]
PATIENCE = 60
"""How often a run is begun again."""

MENDABLE = [fault for fault in Fault if fault not in (Fault.DUPLICATE_REQUEST, Fault.REJECT)]
"""What must leave no trace: every fault but those that make another day's trades of it."""

Database = Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    directory: Path = tmp_path_factory.mktemp("market")
    write_session(directory, DAY, LISTINGS, seed=1, earlier_sessions=1)
    return ReplayMarket(directory, SESSION)


def nearby(url: str, market: ReplayMarket, clock: Clock) -> SimulatedBroker:
    return SimulatedBroker(url, market, DAY, TERMS, clock)


@asynccontextmanager
async def far(
    url: str, market: ReplayMarket, clock: Clock, plan: FaultPlan | None = None
) -> AsyncIterator[RemoteSimulatedBroker]:
    """The same exchange behind a socket, and behind the faults of a plan."""
    line: Line = ServedExchange(opens_exchange(url, market, DAY, TERMS))
    if plan is not None:
        line = FaultyLine(line, plan, WallClock())
    server = ExchangeServer(line, ACCOUNT, SESSION)
    port = await server.start(0)
    yield RemoteSimulatedBroker(port, ACCOUNT, SESSION, clock, patience=0.2)
    await server.close()


async def work(url: str, market: ReplayMarket, broker: BrokerAdapter, clock: Clock) -> None:
    """A whole run, begun again as often as the broker makes it fail: in the end its books are right."""
    impatient = load_settings(broker={"patience_seconds": 0})
    async with open_desk(impatient, url, DAY, market, broker, clock) as desk:
        plan_orders(desk.ledger, *PARENTS)
        run = find_run(desk.ledger, ACCOUNT, RUN_KEY)
        assert run is not None
        for _ in range(PATIENCE):
            try:
                assert await desk.take_over()
                await reconcile(desk, run)
                async for wave in waves(desk, run):
                    await work_wave(desk, wave)
                assert (await reconcile(desk, run)).is_clean
                break
            except (BrokerError, OrdersUnsettled):
                continue
        require_sound_books(desk.ledger)
        assert not has_work(desk.ledger, run.run_id, over=True)


def traded(ledger: Ledger) -> list[dict[str, object]]:
    return rows(ledger, "SELECT * FROM exchange.fills ORDER BY ts, exec_id")


async def test_a_run_over_a_socket_trades_what_it_trades_in_the_process(
    market: ReplayMarket, fresh_database: Database
) -> None:
    done = []
    with fresh_database() as here, fresh_database() as there:
        clock = ReplayClock(START)
        await work(here, market, nearby(here, market, clock), clock)
        clock = ReplayClock(START)
        async with far(there, market, clock) as broker:
            await work(there, market, broker, clock)
        for url in (here, there):
            with open_ledger(url) as ledger:
                done.append((traded(ledger), exchange_total(ledger)))
    assert done[0] == done[1]
    assert done[0][1].orders > 8
    assert done[0][1].shares > 10_000


@settings(
    max_examples=settings.default.max_examples // 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
def test_whatever_the_line_does_no_order_is_sent_twice_and_the_books_are_right(
    market: ReplayMarket, fresh_database: Database, seed: int
) -> None:
    async def live(url: str) -> None:
        clock = ReplayClock(START)
        plan = everywhere(seed, 0.08, *MENDABLE)
        await work(url, market, FaultyBroker(nearby(url, market, clock), plan, clock), clock)

    with fresh_database() as url:
        asyncio.run(live(url))


async def test_a_run_over_a_bad_socket_ends_with_the_books_right(
    market: ReplayMarket, ledger_url: str
) -> None:
    clock = ReplayClock(START)
    plan = everywhere(11, 0.1, *MENDABLE)
    async with far(ledger_url, market, clock, plan) as broker:
        await work(ledger_url, market, broker, clock)


async def test_an_order_that_arrived_twice_is_told_and_not_booked_beyond_what_was_ordered(
    market: ReplayMarket, ledger: Ledger, ledger_url: str
) -> None:
    """No client can undo it: what it can is to see it, book no share too many and say so."""
    clock = ReplayClock(START)
    plan = FaultPlan(1, script=(Scripted(Message.SUBMIT, 1, Fault.DUPLICATE_REQUEST),))
    broker = FaultyBroker(nearby(ledger_url, market, clock), plan, clock)
    async with open_desk(load_settings(), ledger_url, DAY, market, broker, clock) as desk:
        assert await desk.take_over()
        await reconcile(desk, None)
        plan_orders(desk.ledger, *family("p", 60))
        await work_wave(desk, Wave(0, START, at(30)))
        result = await reconcile(desk, None)
    received = rows(ledger, "SELECT client_order_id FROM exchange.orders")
    assert [row["client_order_id"] for row in received] == ["p-0", "p-0"]
    (parent,) = rows(ledger, "SELECT quantity, filled_quantity FROM orders WHERE parent_id IS NULL")
    assert parent["filled_quantity"] <= parent["quantity"]
    assert not result.is_clean
    kinds = {row["kind"] for row in rows(ledger, "SELECT kind FROM alerts")}
    assert "reconciliation_break" in kinds
