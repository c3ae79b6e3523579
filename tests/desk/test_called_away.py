"""A wave that listens for long ends where another run wants one: its plan, or its cancel, does not wait."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from gateway.gateway import PAPER_ACCOUNT
from gateway.small_session import SESSION
from gateway_clock import GatewayClock
from ibkr_desk import Trading, plan_with_exits, planned, trading, wave

from orderworks.brokers.ibkr.adapter import IbkrBroker
from orderworks.desk import reports
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.approvals import decide_plan
from orderworks.ledger.connection import open_ledger
from orderworks.ledger.orders import OrderRecord
from orderworks.ledger.runs import freeze_plan, start_run
from orderworks.ledger.stopped_runs import cancel_run
from orderworks.market.replay import ReplayMarket

LONG, SOON = 60.0, 20.0
OTHER = "rebalance:now"


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "LOOK", timedelta(seconds=0.2))


@asynccontextmanager
async def listening(there: Trading, seconds: float = LONG) -> AsyncIterator[float]:
    """A wave that listens meanwhile, by a clock that takes its time; it must end before this is left."""
    desk = there.desk
    assert isinstance(desk.broker, IbkrBroker)
    desk.clock = desk.broker._clock = GatewayClock(there.gateway)
    there.gateway.clock.run(1)
    now = desk.clock.now()
    began = time.monotonic()
    listens = asyncio.create_task(work_wave(desk, Wave(0, now, now + timedelta(seconds=seconds))))
    await asyncio.sleep(1)
    yield began
    await listens


def plan(url: str, *orders: OrderRecord, proposed: bool = False) -> None:
    """Another process commits a plan."""
    with open_ledger(url) as other:
        run = start_run(other, PAPER_ACCOUNT, OTHER, "rebalance", SESSION.date, {})
        freeze_plan(other, run, plan_with_exits(orders), proposed=proposed)


def at_gateway(there: Trading) -> dict[str, str]:
    """What is received there, by its record: how each order stands."""
    return {o.fields["orderRef"]: o.status for o in there.gateway.brokerage.book.orders.values()}


async def test_another_runs_plan_is_worked_at_once(ledger_url: str, recorded: ReplayMarket) -> None:
    async with trading(ledger_url, recorded, planned("a", 100, "90")) as there:
        async with listening(there) as began:
            plan(ledger_url, planned("b", 100, "90"))
        assert time.monotonic() - began < SOON
        await wave(there.desk)
        assert at_gateway(there) == {"ow-a": "Submitted", "ow-b": "Submitted"}


async def test_a_plan_that_waits_to_be_approved_calls_once_it_is(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with trading(ledger_url, recorded, planned("a", 100, "90")) as there:
        async with listening(there, 2) as began:
            plan(ledger_url, planned("b", 100, "90"), proposed=True)
        assert time.monotonic() - began >= 2
        async with listening(there) as began:
            with open_ledger(ledger_url) as other:
                decide_plan(other, PAPER_ACCOUNT, OTHER, approved=True, note="looks right")
        assert time.monotonic() - began < SOON
        await wave(there.desk)
        assert at_gateway(there) == {"ow-a": "Submitted", "ow-b": "Submitted"}


async def test_what_rests_of_a_cancelled_run_is_cancelled_at_once(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with trading(ledger_url, recorded, planned("a", 100, "90")) as there:
        plan(ledger_url, planned("b", 100, "90"))
        async with listening(there) as began:
            assert at_gateway(there) == {"ow-a": "Submitted", "ow-b": "Submitted"}
            with open_ledger(ledger_url) as other:
                cancel_run(other, PAPER_ACCOUNT, OTHER, "enough")
        assert time.monotonic() - began < SOON
        await wave(there.desk)
        assert at_gateway(there) == {"ow-a": "Submitted", "ow-b": "Cancelled"}


async def test_what_a_wave_ends_itself_does_not_call(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with trading(ledger_url, recorded, planned("a", 100, "90")) as there:
        plan(ledger_url, planned("b", 10, "105"))
        async with listening(there, 3) as began:
            await there.gateway.advance(1)
        assert time.monotonic() - began >= 2
        assert at_gateway(there)["ow-b"] == "Filled"
