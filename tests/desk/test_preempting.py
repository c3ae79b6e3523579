"""An account that is taken from whoever works it: the line to the broker comes with it, at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from gateway.answers import Answer
from gateway.faults import Faults, Lose
from gateway.gateway import PAPER_ACCOUNT
from gateway.small_session import SESSION as SMALL_SESSION
from gateway_clock import GatewayClock
from ibkr_desk import Trading, planned, trading, wave
from synthetic_day import OPENING_CASH
from working_orders import ACCOUNT, SESSION, START, at

from orderworks.brokers.ibkr.adapter import IbkrBroker
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.client import RemoteSimulatedBroker
from orderworks.brokers.simulated.faults import Fault, FaultPlan, Scripted
from orderworks.brokers.simulated.faulty import FaultyLine
from orderworks.brokers.simulated.messages import Message
from orderworks.brokers.simulated.server import ExchangeServer, ServedExchange, opens_exchange
from orderworks.brokers.simulated.terms import Terms
from orderworks.desk.desk import Desk, open_desk
from orderworks.desk.ending import cancel_everything
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.reports import follow
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.controls import throw_kill_switch
from orderworks.ledger.leases import take_lease
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock, WallClock
from orderworks.model.errors import BrokerError, LeaseLost
from orderworks.settings import load_settings

SOON = 20.0
"""Seconds in which another process has the account and its line: far less than a wave, or an answer."""
LONG = 60.0

DAY = require_session(SESSION)
TERMS = Terms(ACCOUNT, OPENING_CASH, 0.1, "fixed", allow_short=False)
TAKEN = "now worked by"


@asynccontextmanager
async def killing(there: Trading) -> AsyncIterator[Desk]:
    """A desk of another process that has taken the account, and its line to the gateway."""
    ibkr = there.desk.settings.broker.ibkr.model_copy(update={"connect_seconds": LONG})
    clock = GatewayClock(there.gateway)
    broker = IbkrBroker(there.url, ibkr, clock, paper=True)
    desk = open_desk(there.desk.settings, there.url, SMALL_SESSION, there.market, broker, clock)
    async with desk as kill:
        assert await kill.take_over(preempts=True)
        yield kill


async def test_the_kill_switch_cancels_while_a_wave_listens(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with trading(ledger_url, recorded, planned("a", 100, "90")) as there:
        await wave(there.desk, 0.3)
        broker = there.desk.broker
        assert isinstance(broker, IbkrBroker)
        there.desk.clock = broker._clock = GatewayClock(there.gateway)
        now = there.desk.clock.now()
        listens = Wave(0, now, now + timedelta(seconds=LONG))
        working = asyncio.create_task(work_wave(there.desk, listens))
        await asyncio.sleep(0.3)
        with open_ledger(ledger_url) as other:
            throw_kill_switch(other, PAPER_ACCOUNT, "stop")
        began = time.monotonic()
        async with killing(there) as kill:
            await reconcile(kill, None)
            assert await cancel_everything(kill, "killed") == 1
        assert time.monotonic() - began < SOON
        with pytest.raises(LeaseLost, match=TAKEN):
            await working
        [order] = there.gateway.brokerage.book.orders.values()
        assert order.status == "Cancelled"


async def test_the_line_is_let_go_while_a_question_waits_for_its_answer(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with trading(ledger_url, recorded, ask_seconds=LONG) as there:
        there.gateway.faults = Faults(rates={Answer.OPEN_ORDER_END: {Lose(): 1.0}})
        looking = asyncio.create_task(reconcile(there.desk, None))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        async with killing(there):
            with pytest.raises(BrokerError):
                await looking
            with pytest.raises(LeaseLost, match=TAKEN):
                await there.desk.regain_broker()
        assert time.monotonic() - began < SOON


async def test_whatever_fails_for_want_of_the_line_is_told_as_the_loss_of_the_account(
    ledger: Ledger, ledger_url: str, market: ReplayMarket
) -> None:
    clock = ReplayClock(START)
    broker = SimulatedBroker(ledger_url, market, DAY, TERMS, clock)

    async def look_on() -> None:
        async with open_desk(load_settings(), ledger_url, DAY, market, broker, clock) as desk:
            assert await desk.take_over()
            take_lease(ledger, ACCOUNT, "the kill switch", 60, preempts=True)
            for _ in range(300):
                await broker.snapshot()
                await asyncio.sleep(0.1)

    with pytest.raises(LeaseLost, match="now worked by the kill switch"):
        await look_on()


async def test_an_exchange_behind_a_socket_is_let_go_while_it_is_asked(
    ledger: Ledger, ledger_url: str, market: ReplayMarket
) -> None:
    clock = ReplayClock(START)
    plan = FaultPlan(1, delay_seconds=LONG, script=(Scripted(Message.ADVANCE, 1, Fault.DELAY),))
    line = ServedExchange(opens_exchange(ledger_url, market, DAY, TERMS))
    server = ExchangeServer(FaultyLine(line, plan, WallClock()), ACCOUNT, SESSION)
    broker = RemoteSimulatedBroker(await server.start(0), ACCOUNT, SESSION, clock, patience=LONG)

    async def listen() -> None:
        async with open_desk(load_settings(), ledger_url, DAY, market, broker, clock) as desk:
            assert await desk.take_over()
            take_lease(ledger, ACCOUNT, "the kill switch", 60, preempts=True)
            await follow(desk, at(30))

    began = time.monotonic()
    with pytest.raises(LeaseLost, match="now worked by the kill switch"):
        await listen()
    assert time.monotonic() - began < SOON
    await server.close()
