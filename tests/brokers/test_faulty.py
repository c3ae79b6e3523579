"""Every fault: what it looks like at the client, and what the exchange's own record holds then.

Each is made around the broker in the process and between a socket and the exchange, and must look
the same in both.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import QUOTES, TERMS, TRADES, client, fills, received, reported, served, told
from small_market import SESSION, at, order, recorded

from orderworks.brokers.adapter import BrokerAdapter, Report, ReportKind
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.faults import Fault, FaultPlan, Scripted, everywhere
from orderworks.brokers.simulated.faulty import FaultyBroker
from orderworks.brokers.simulated.messages import Message
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock
from orderworks.model.errors import BrokerError, Disconnected, SnapshotIncomplete

Behind = Callable[[FaultPlan], AbstractAsyncContextManager[BrokerAdapter]]
"""Connects a broker behind the faults of a plan."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, TRADES)


def in_process(url: str, market: ReplayMarket, plan: FaultPlan) -> FaultyBroker:
    clock = ReplayClock(at(1))
    return FaultyBroker(SimulatedBroker(url, market, SESSION, TERMS, clock), plan, clock)


@pytest.fixture(params=["in the process", "over a socket"])
def behind(request: pytest.FixtureRequest, ledger_url: str, market: ReplayMarket) -> Behind:
    @asynccontextmanager
    async def over_a_socket(plan: FaultPlan) -> AsyncIterator[BrokerAdapter]:
        async with served(ledger_url, market, plan) as port:
            broker = client(port, patience=0.3)
            await broker.connect()
            yield broker
            await broker.close()

    @asynccontextmanager
    async def around_the_broker(plan: FaultPlan) -> AsyncIterator[BrokerAdapter]:
        broker = in_process(ledger_url, market, plan)
        await broker.connect()
        yield broker
        await broker.close()

    return over_a_socket if request.param == "over a socket" else around_the_broker


def script(message: Message, fault: Fault, occurrence: int = 1, seed: int = 3) -> FaultPlan:
    return FaultPlan(seed, script=(Scripted(message, occurrence, fault),))


async def shown(broker: BrokerAdapter) -> Counter[str]:
    """How often each order is in a snapshot."""
    return Counter(one.client_order_id for one in (await broker.snapshot()).orders)


# Orders ------------------------------------------------------------------------------------------


async def test_orders_whose_answer_is_lost_get_no_report_and_are_there(
    behind: Behind, ledger_url: str
) -> None:
    async with behind(script(Message.SUBMIT, Fault.DROP_ANSWER)) as broker:
        assert await broker.submit_orders([order("A", "buy", 250, name="ow-x")]) == []
        assert received(ledger_url) == await shown(broker) == {"ow-x": 1}
        assert sum(fill.quantity for fill in fills(await reported(broker, 9))) == 250


async def test_orders_that_are_lost_get_no_report_and_are_nowhere(
    behind: Behind, ledger_url: str
) -> None:
    async with behind(script(Message.SUBMIT, Fault.DROP_REQUEST)) as broker:
        sent = [order("A", "buy", 250, name="ow-x")]
        assert await broker.submit_orders(sent) == []
        assert received(ledger_url) == await shown(broker) == {}
        assert told(await broker.submit_orders(sent)) == [("ACKNOWLEDGED", "ow-x")]
        assert received(ledger_url) == {"ow-x": 1}


async def test_orders_that_arrive_twice_are_two_of_one_name(
    behind: Behind, ledger_url: str
) -> None:
    async with behind(script(Message.SUBMIT, Fault.DUPLICATE_REQUEST)) as broker:
        reports = await broker.submit_orders([order("A", "buy", 50, name="ow-x")])
        assert [(one.kind, one.broker_order_id) for one in reports] == [
            (ReportKind.ACKNOWLEDGED, "1"),
            (ReportKind.ACKNOWLEDGED, "2"),
        ]
        assert received(ledger_url) == await shown(broker) == {"ow-x": 2}
        assert (await reported(broker, 9))[-1].kind is ReportKind.FILLED
        assert (await broker.get_portfolio()).positions["A"].quantity == 100


async def test_a_line_that_breaks_before_orders_arrive_leaves_nothing(
    behind: Behind, ledger_url: str
) -> None:
    async with behind(script(Message.SUBMIT, Fault.DISCONNECT_BEFORE)) as broker:
        with pytest.raises(Disconnected):
            await broker.submit_orders([order("A", "buy", 50, name="ow-x")])
        assert received(ledger_url) == await shown(broker) == {}


async def test_a_line_that_breaks_after_orders_arrived_leaves_them_there(
    behind: Behind, ledger_url: str
) -> None:
    async with behind(script(Message.SUBMIT, Fault.DISCONNECT_AFTER)) as broker:
        with pytest.raises(Disconnected):
            await broker.submit_orders([order("A", "buy", 50, name="ow-x")])
        assert received(ledger_url) == await shown(broker) == {"ow-x": 1}


async def test_some_orders_are_rejected_on_the_way_and_the_others_arrive(
    behind: Behind, ledger_url: str
) -> None:
    async with behind(script(Message.SUBMIT, Fault.REJECT)) as broker:
        sent = [order("A", "buy", 5, name=f"ow-{n}") for n in range(8)]
        reports = await broker.submit_orders(sent)
        rejected = {one.client_order_id for one in reports if one.kind is ReportKind.REJECTED}
        taken = {one.client_order_id for one in reports if one.kind is ReportKind.ACKNOWLEDGED}
        assert 0 < len(rejected) < 8
        assert {one.reason for one in reports} == {None, "rejected on the way to the exchange"}
        assert rejected | taken == {one.client_order_id for one in sent}
        assert received(ledger_url).keys() == (await shown(broker)).keys() == taken


async def test_a_cancel_whose_answer_is_lost_has_cancelled(behind: Behind) -> None:
    async with behind(script(Message.CANCEL, Fault.DROP_ANSWER)) as broker:
        await broker.submit_orders([order("A", "buy", 5, "90", name="ow-x")])
        assert await broker.cancel_orders(["ow-x"]) == []
        assert told(await broker.cancel_orders(["ow-x"])) == [("CANCEL_REFUSED", "ow-x")]


async def test_a_cancel_that_is_lost_has_not(behind: Behind) -> None:
    async with behind(script(Message.CANCEL, Fault.DROP_REQUEST)) as broker:
        await broker.submit_orders([order("A", "buy", 5, "90", name="ow-x")])
        assert await broker.cancel_orders(["ow-x"]) == []
        assert told(await broker.cancel_orders(["ow-x"])) == [("CANCELLED", "ow-x")]


# Reports -----------------------------------------------------------------------------------------


async def test_reports_come_twice_and_the_exchange_traded_once(behind: Behind) -> None:
    async with behind(script(Message.ADVANCE, Fault.DUPLICATE_REPORTS)) as broker:
        await broker.submit_orders([order("A", "buy", 250, name="ow-x")])
        executions = Counter(fill.exec_id for fill in fills(await reported(broker, 9)))
        assert len(executions) == 3
        assert set(executions.values()) == {1, 2}
        assert (await broker.get_portfolio()).positions["A"].quantity == 250


async def test_reports_come_in_another_order(behind: Behind) -> None:
    async with behind(script(Message.ADVANCE, Fault.REORDER_REPORTS)) as broker:
        await broker.submit_orders([order("A", "buy", 250, name="ow-x")])
        times = [one.ts for one in await reported(broker, 9)]
        assert len(times) == 3
        assert times != sorted(times)


async def test_reports_that_are_held_back_come_with_a_later_answer(behind: Behind) -> None:
    async with behind(script(Message.ADVANCE, Fault.HOLD_BACK)) as broker:
        await broker.submit_orders([order("A", "buy", 250, name="ow-x")])
        first = fills(await reported(broker, 9))
        assert len(first) < 3
        # What was never told is there to be seen.
        assert len((await broker.snapshot()).executions) == 3
        then = fills(await reported(broker, 10))
        assert sorted(fill.exec_id for fill in first + then) == ["SIM1.1.1", "SIM1.1.2", "SIM1.1.3"]


async def test_reports_that_were_held_back_are_gone_with_the_line(behind: Behind) -> None:
    async with behind(script(Message.ADVANCE, Fault.HOLD_BACK)) as broker:
        await broker.submit_orders([order("A", "buy", 250, name="ow-x")])
        first = fills(await reported(broker, 9))
        await broker.connect()
        assert await reported(broker, 10) == []
        assert len((await broker.snapshot()).executions) == 3 > len(first)


@pytest.mark.parametrize("fault", [Fault.DROP_ANSWER, Fault.DISCONNECT_AFTER])
async def test_a_market_that_moved_unheard_is_an_error_and_a_snapshot_shows_all(
    behind: Behind, fault: Fault
) -> None:
    async with behind(script(Message.ADVANCE, fault)) as broker:
        await broker.submit_orders([order("A", "buy", 250, name="ow-x")])
        with pytest.raises(BrokerError):
            await reported(broker, 9)
        snapshot = await broker.snapshot()
        assert snapshot.at == await broker.market_time() == at(9)
        assert sum(fill.quantity for fill in snapshot.executions) == 250
        assert await reported(broker, 9) == []


# Questions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.DROP_ANSWER, Fault.DROP_REQUEST])
async def test_a_snapshot_without_an_answer_is_incomplete(behind: Behind, fault: Fault) -> None:
    async with behind(script(Message.SNAPSHOT, fault)) as broker:
        with pytest.raises(SnapshotIncomplete):
            await broker.snapshot()
        assert (await broker.snapshot()).orders == ()


async def test_a_lost_question_is_an_error_and_ill_health(behind: Behind) -> None:
    lost = {message: {Fault.DROP_ANSWER: 1.0} for message in (Message.ORDER, Message.TIME)}
    async with behind(FaultPlan(1, lost)) as broker:
        with pytest.raises(BrokerError, match="did not answer"):
            await broker.get_order_status("ow-x")
        assert not (await broker.health_check()).sound


async def test_ids_start_again_from_lower_ones_after_a_restart(
    behind: Behind, ledger_url: str
) -> None:
    plan = FaultPlan(1, id_rollback=2)
    async with behind(plan) as broker:
        sent = [order("A", "buy", 5, "90", name=f"ow-{n}") for n in (1, 2, 3)]
        assert [r.broker_order_id for r in await broker.submit_orders(sent)] == ["1", "2", "3"]
    async with behind(plan) as broker:
        (again,) = await broker.submit_orders([order("A", "buy", 5, "90", name="ow-4")])
        assert again.broker_order_id == "2"
        (cancelled,) = await broker.cancel_orders(["ow-4"])
        assert (cancelled.broker_order_id, cancelled.client_order_id) == ("2", "ow-4")
        ids = {o.client_order_id: o.broker_order_id for o in (await broker.snapshot()).orders}
        assert ids == {"ow-1": "1", "ow-2": "2", "ow-3": "3", "ow-4": "2"}
        found = await broker.get_order_status("ow-2")
        assert found is not None
        assert found.broker_order_id == "2"
    assert len(received(ledger_url)) == 4


# Time --------------------------------------------------------------------------------------------


async def test_in_the_process_a_delayed_order_arrives_later_in_market_time(
    ledger_url: str, market: ReplayMarket
) -> None:
    plan = FaultPlan(1, {Message.SUBMIT: {Fault.DELAY: 1.0}}, delay_seconds=4.5)
    broker = in_process(ledger_url, market, plan)
    await broker.connect()
    (acknowledged,) = await broker.submit_orders([order("A", "buy", 5, name="ow-x")])
    assert acknowledged.ts == at(1) + timedelta(seconds=4.5)
    await broker.close()


async def test_an_answer_that_comes_too_late_comes_with_the_next(
    ledger_url: str, market: ReplayMarket
) -> None:
    plan = FaultPlan(1, script=(Scripted(Message.SUBMIT, 1, Fault.DELAY),), delay_seconds=0.6)
    async with served(ledger_url, market, plan) as port:
        broker = client(port, patience=0.4)
        await broker.connect()
        assert await broker.submit_orders([order("A", "buy", 5, name="ow-x")]) == []
        assert await shown(broker) == received(ledger_url) == {"ow-x": 1}
        assert told(await reported(broker, 2)) == [("ACKNOWLEDGED", "ow-x"), ("FILLED", "ow-x")]
        await broker.close()


async def test_what_is_on_its_way_when_the_account_is_taken_over_never_arrives(
    ledger_url: str, market: ReplayMarket
) -> None:
    plan = FaultPlan(1, {Message.SUBMIT: {Fault.DELAY: 1.0}}, delay_seconds=0.5)
    async with served(ledger_url, market, plan) as port:
        older, newer = client(port), client(port)
        await older.connect()
        sending = asyncio.create_task(older.submit_orders([order("A", "buy", 5, name="ow-x")]))
        await asyncio.sleep(0.1)
        await newer.connect()
        with pytest.raises(BrokerError, match="another client took account"):
            await sending
        await asyncio.sleep(0.6)
        assert received(ledger_url) == await shown(newer) == {}
        await newer.close()


# All at once -------------------------------------------------------------------------------------


async def story(broker: BrokerAdapter) -> list[Any]:
    """What a client lives through that goes on whatever happens."""
    lived: list[Any] = []

    async def attempt(what: Callable[[], Any]) -> None:
        try:
            lived.append(await what())
        except BrokerError as error:
            lived.append(type(error).__name__)

    for n in range(6):
        sent = [order("A", "buy", 5, name=f"ow-{n}-{place}") for place in range(3)]
        await attempt(lambda sent=sent: broker.submit_orders(sent))
        await attempt(lambda n=n: broker.cancel_orders([f"ow-{n}-0"]))
        await attempt(lambda n=n: reported(broker, 3 * n + 2))
        await attempt(broker.snapshot)
    return lived


@settings(
    max_examples=settings.default.max_examples // 10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
def test_one_seed_is_one_story_and_its_record_holds_what_was_told(
    market: ReplayMarket,
    fresh_database: Callable[[], AbstractContextManager[str]],
    seed: int,
) -> None:
    async def live() -> tuple[list[Any], Counter[str]]:
        with fresh_database() as url:
            sound = everywhere(seed, 0.15)
            plan = FaultPlan(seed, sound.rates | {Message.HELLO: {}}, delay_seconds=0.25)
            broker = in_process(url, market, plan)
            await broker.connect()
            lived = await story(broker)
            await broker.close()
            return lived, received(url)

    lived, kept = asyncio.run(live())
    assert (lived, kept) == asyncio.run(live())
    told_of = [one for batch in lived if isinstance(batch, list) for one in batch]
    assert {one.client_order_id for one in told_of if _is_alive(one)} <= kept.keys()


def _is_alive(report: Report) -> bool:
    return report.kind in (ReportKind.ACKNOWLEDGED, ReportKind.FILLED, ReportKind.CANCELLED)
