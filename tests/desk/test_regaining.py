"""A wave whose line to the broker breaks: it waits, looks at a snapshot, and goes on.

Judged by the exchange's own record: every order once, whatever was answered.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager

import pytest
from hourglass import Hourglass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging import require_sound_books, rows
from synthetic_day import OPENING_CASH
from working_orders import ACCOUNT, RUN_KEY, SESSION, START, at, family, plan_orders

from orderworks.brokers.paced import PacedBroker
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.faults import Fault, FaultPlan, Scripted, everywhere
from orderworks.brokers.simulated.faulty import FaultyBroker
from orderworks.brokers.simulated.messages import Message
from orderworks.brokers.simulated.terms import Terms
from orderworks.desk.desk import Desk, open_desk
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.waves import Wave, waves, work_wave
from orderworks.ledger.controls import throw_kill_switch
from orderworks.ledger.leases import give_back, take_lease
from orderworks.ledger.orders import has_work
from orderworks.ledger.runs import find_run
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock
from orderworks.model.errors import BrokerError, KillSwitchThrown, LeaseLost
from orderworks.settings import load_settings

Database = Callable[[], AbstractContextManager[str]]

FIRST = Wave(0, START, at(30))
TERMS = Terms(ACCOUNT, OPENING_CASH, 0.1, "fixed", allow_short=False)
DAY = require_session(SESSION)
MENDABLE = [fault for fault in Fault if fault not in (Fault.DUPLICATE_REQUEST, Fault.REJECT)]


class Line(FaultyBroker):
    """A line with faults, at whose first break something happens."""

    glass: Hourglass

    async def close(self) -> None:
        self.on_break()
        await super().close()

    def on_break(self) -> None:
        pass


@asynccontextmanager
async def working(
    url: str, market: ReplayMarket, plan: FaultPlan, patience: float = 60
) -> AsyncIterator[tuple[Desk, Line]]:
    """A desk on a line with faults, with an order of two slices planned."""
    clock = ReplayClock(START)
    line = Line(SimulatedBroker(url, market, DAY, TERMS, clock), plan, clock)
    line.glass = Hourglass()
    waits = line.glass.patience(patience)
    broker = PacedBroker(line, None, waits)
    async with open_desk(load_settings(), url, DAY, market, broker, clock) as desk:
        desk.patience = waits
        assert await desk.take_over()
        await reconcile(desk, None)
        if find_run(desk.ledger, ACCOUNT, RUN_KEY) is None:
            plan_orders(desk.ledger, *family("p", 60, 40, remainder="sweep", limit_price=None))
        yield desk, line


def scripted(*faults: tuple[Message, int, Fault]) -> FaultPlan:
    return FaultPlan(1, script=tuple(Scripted(*one) for one in faults))


def received(desk: Desk) -> list[str]:
    return [
        row["client_order_id"]
        for row in rows(desk.ledger, "SELECT client_order_id FROM exchange.orders ORDER BY 1")
    ]


def attempts(desk: Desk, name: str) -> int:
    asked = "SELECT 1 FROM send_attempts WHERE client_order_id = %s"
    return len(rows(desk.ledger, asked, name))


BREAKS = [
    (Message.SUBMIT, Fault.DISCONNECT_BEFORE),
    (Message.SUBMIT, Fault.DISCONNECT_AFTER),
    (Message.ADVANCE, Fault.DISCONNECT_BEFORE),
    (Message.ADVANCE, Fault.DISCONNECT_AFTER),
    (Message.ADVANCE, Fault.DROP_REQUEST),
    (Message.ADVANCE, Fault.DROP_ANSWER),
    (Message.ADVANCE, Fault.TOO_FAST),
]


@pytest.mark.parametrize(("message", "fault"), BREAKS)
async def test_a_wave_whose_line_breaks_goes_on_by_itself(
    ledger_url: str, market: ReplayMarket, message: Message, fault: Fault
) -> None:
    async with working(ledger_url, market, scripted((message, 1, fault))) as (desk, line):
        await work_wave(desk, FIRST)
        assert received(desk) == ["p-0"]
        assert desk.clock.now() == FIRST.until
        assert len(line.glass.waits) == 1
        assert (await reconcile(desk, None)).is_clean
        require_sound_books(desk.ledger)
        # Only what two snapshots missed was sent again.
        assert attempts(desk, "p-0") == 1 + (
            fault is Fault.DISCONNECT_BEFORE and message == "submit"
        )


async def test_waiting_for_the_line_takes_no_market_time(
    ledger_url: str, market: ReplayMarket
) -> None:
    down = [(Message.HELLO, n, Fault.DISCONNECT_BEFORE) for n in range(2, 9)]
    plan = scripted((Message.SUBMIT, 1, Fault.DISCONNECT_AFTER), *down)
    async with working(ledger_url, market, plan) as (desk, line):
        seen = []
        line.on_break = lambda: seen.append(desk.clock.now())
        await work_wave(desk, Wave(0, START, START))
        assert desk.clock.now() == START
        assert seen == [START]
        assert line.glass.passed > 5
        assert received(desk) == ["p-0"]


async def test_a_line_that_stays_broken_is_told_in_one_sentence_and_nothing_is_lost(
    ledger_url: str, market: ReplayMarket
) -> None:
    down = [(Message.HELLO, n, Fault.DISCONNECT_BEFORE) for n in range(2, 200)]
    plan = scripted((Message.SUBMIT, 1, Fault.DISCONNECT_AFTER), *down)
    async with working(ledger_url, market, plan) as (desk, line):
        with pytest.raises(BrokerError) as told:
            await work_wave(desk, FIRST)
        assert str(told.value) == (
            "the broker was waited for 60 s (broker.patience_seconds) in vain: the line to the "
            f"simulated broker of account {ACCOUNT} broke before hello arrived; then run the same "
            "command again, which goes on from here"
        )
        assert line.glass.passed == pytest.approx(60, abs=1)
    async with working(ledger_url, market, scripted()) as (desk, _):
        await work_wave(desk, FIRST)
        assert received(desk) == ["p-0"]
        require_sound_books(desk.ledger)


async def test_a_line_that_breaks_each_time_is_not_tried_for_ever(
    ledger_url: str, market: ReplayMarket
) -> None:
    plan = scripted(*[(Message.ADVANCE, n, Fault.DISCONNECT_BEFORE) for n in range(1, 5_000)])
    async with working(ledger_url, market, plan, patience=5) as (desk, line):
        with pytest.raises(BrokerError, match="broke before advance arrived; then run"):
            await work_wave(desk, FIRST)
        assert line.glass.passed == pytest.approx(5)
        assert received(desk) == ["p-0"]


async def test_the_kill_switch_thrown_meanwhile_ends_the_wave_at_once(
    ledger_url: str, market: ReplayMarket
) -> None:
    plan = scripted((Message.SUBMIT, 1, Fault.DISCONNECT_BEFORE))
    async with working(ledger_url, market, plan) as (desk, line):
        line.on_break = lambda: throw_kill_switch(desk.ledger, ACCOUNT, "a test")
        with pytest.raises(KillSwitchThrown):
            await work_wave(desk, FIRST)
        assert len(line.glass.waits) == 1
        assert received(desk) == []


async def test_a_lease_lost_meanwhile_ends_the_wave_at_once(
    ledger_url: str, market: ReplayMarket
) -> None:
    plan = scripted((Message.SUBMIT, 1, Fault.DISCONNECT_BEFORE))

    async with working(ledger_url, market, plan) as (desk, line):

        def lose() -> None:
            give_back(desk.ledger, desk.held_lease)
            assert take_lease(desk.ledger, ACCOUNT, "somebody else", 60) is not None

        line.on_break = lose
        with pytest.raises(LeaseLost, match="now worked by somebody else"):
            await work_wave(desk, FIRST)
        line.on_break = lambda: None
        assert len(line.glass.waits) == 1
        assert received(desk) == []


# Too fast ---------------------------------------------------------------------------------------


async def test_an_order_that_came_too_fast_is_permitted_anew_and_reaches_the_exchange_once(
    ledger_url: str, market: ReplayMarket
) -> None:
    plan = scripted(*[(Message.SUBMIT, n, Fault.TOO_FAST) for n in (1, 2)])
    async with working(ledger_url, market, plan) as (desk, line):
        await work_wave(desk, FIRST)
        assert received(desk) == ["p-0"]
        assert attempts(desk, "p-0") == 3
        assert len(line.glass.waits) == 2
        ours = rows(desk.ledger, "SELECT limit_price FROM orders WHERE client_order_id = 'p-0'")
        assert rows(desk.ledger, "SELECT limit_price FROM exchange.orders") == ours
        assert ours[0]["limit_price"] is not None
        # No snapshot was needed for it: the clock has not waited for a second look.
        assert desk.clock.now() == FIRST.until
        require_sound_books(desk.ledger)


async def test_what_came_too_fast_is_not_sent_once_the_kill_switch_is_thrown(
    ledger_url: str, market: ReplayMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = scripted((Message.SUBMIT, 1, Fault.TOO_FAST))
    async with working(ledger_url, market, plan) as (desk, line):

        async def thrown_while_waiting(seconds: float) -> None:
            throw_kill_switch(desk.ledger, ACCOUNT, "a test")

        monkeypatch.setattr(line.glass, "sleep", thrown_while_waiting)
        broker = PacedBroker(line, None, line.glass.patience(60))
        desk.broker = broker
        with pytest.raises(KillSwitchThrown):
            await work_wave(desk, FIRST)
        assert received(desk) == []


# Anything ---------------------------------------------------------------------------------------


@settings(
    max_examples=settings.default.max_examples // 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
def test_whatever_the_line_does_a_run_ends_by_itself_with_the_books_right(
    market: ReplayMarket, fresh_database: Database, seed: int
) -> None:
    async def live(url: str) -> None:
        plan = everywhere(seed, 0.05, *MENDABLE)
        async with working(url, market, plan, patience=3_600) as (desk, _):
            run = find_run(desk.ledger, ACCOUNT, RUN_KEY)
            assert run is not None
            async for wave in waves(desk, run):
                await work_wave(desk, wave)
            assert (await reconcile(desk, run)).is_clean
            assert not has_work(desk.ledger, run.run_id, over=True)
            require_sound_books(desk.ledger)

    with fresh_database() as url:
        asyncio.run(live(url))
