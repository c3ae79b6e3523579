"""A worker that does what a run does, without Prefect; forked from this file when it is run.

It is started with the same words each time, as a scheduler would, and derives what is left to do.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from forking import fork_each
from lives import NOTING
from scenarios import SCENARIOS, Occasion, Scenario
from steered_clock import SteeredClock
from synthetic_day import SESSION

from orderworks.brokers.adapter import BrokerAdapter
from orderworks.brokers.ibkr.adapter import IbkrBroker
from orderworks.brokers.paced import PacedBroker
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.faults import FaultPlan
from orderworks.brokers.simulated.faulty import FaultyBroker
from orderworks.brokers.simulated.record_schema import reached_by
from orderworks.desk import leaving
from orderworks.desk.desk import Desk, open_desk, patience_with_broker
from orderworks.desk.ending import cancel_everything, close_session
from orderworks.desk.exchange_terms import exchange_terms
from orderworks.desk.flattening import flattening_plan
from orderworks.desk.kill_switch import throw
from orderworks.desk.plan import fingerprint, plan_of
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.scheduling import schedule_routed
from orderworks.desk.steps import gate_sized, route_gated, size_signals, take_stock
from orderworks.desk.summary import summary_of
from orderworks.desk.timing import too_late
from orderworks.desk.valuation import value_account
from orderworks.desk.waves import waves, work_wave
from orderworks.ledger.controls import kill_reason
from orderworks.ledger.runs import (
    Plan,
    Run,
    find_run,
    finish_run,
    freeze_plan,
    start_run,
    unfinished_runs,
)
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import Clock, ReplayClock
from orderworks.model.crash_points import CrashPoint, at_crash_points
from orderworks.model.order import FLATTEN
from orderworks.settings import Settings, load_settings

PATIENCE_SECONDS = 20
"""How long the database may take to see that the worker before is dead."""

DAY = require_session(SESSION)

Planning = Callable[[Desk, Run], Awaitable[Plan]]


async def live(scenario: Scenario, url: str, market: ReplayMarket) -> None:
    """The runs of a day in their order, and its end."""
    settings = load_settings()
    if scenario.batch is not None:
        leaving.BATCH = scenario.batch
    opens = ibkr if settings.broker.provider == "ibkr" else simulated
    broker, clock = opens(settings, scenario, url, market)
    async with open_desk(settings, url, DAY, market, broker, clock) as desk:
        until = datetime.combine(SESSION, scenario.flattened_at or DAY.close.time(), UTC)
        for occasion in scenario.runs:
            # Where the switch is on a run is refused.
            if kill_reason(desk.ledger, desk.account) is None:
                await trade(desk, occasion, until)
        if scenario.flattened_at:
            await flatten(desk)
        await take_account(desk, None)
        await close_session(desk)
        await require_clean(desk, None)


def simulated(
    settings: Settings, scenario: Scenario, url: str, market: ReplayMarket
) -> tuple[BrokerAdapter, Clock]:
    """The exchange in this process, on a line that loses what is to be lost."""
    terms = exchange_terms(settings)
    clock = ReplayClock(max(DAY.open, reached_by(url, terms.account) or DAY.open))
    # Each thing that happens is committed by itself, so that a kill finds some books behind the others.
    broker = SimulatedBroker(url, market, DAY, terms, clock, part=1)
    if not scenario.lost:
        return broker, clock
    return FaultyBroker(broker, FaultPlan(0, script=scenario.lost), clock), clock


def ibkr(
    settings: Settings, scenario: Scenario, url: str, market: ReplayMarket
) -> tuple[BrokerAdapter, Clock]:
    """The gateway that the settings name, which loses what is to be lost by itself.

    On a busy machine messages come there in bursts, and it may refuse a question for that.
    """
    clock = SteeredClock()
    broker = IbkrBroker(url, settings.broker.ibkr, clock, paper=True)
    return PacedBroker(broker, None, patience_with_broker(settings)), clock


async def trade(desk: Desk, occasion: Occasion, until: datetime) -> None:
    """A run that trades signals, worked up to a market time."""

    async def plan(desk: Desk, run: Run) -> Plan:
        await desk.clock.sleep_until(occasion.begins_at)
        signals = signals_of(occasion)
        sized = size_signals(desk, signals, value_account(desk))
        gated = await gate_sized(desk, run, sized.orders)
        scheduled = schedule_routed(desk, run.run_key, route_gated(desk, gated.accepted))
        inputs = fingerprint(run.kind, run.session, signals)
        return plan_of(desk.account, inputs, signals, sized, gated, scheduled)

    await go_through(desk, occasion.kind, occasion.run_key, plan, until)


async def flatten(desk: Desk) -> None:
    """The kill switch with all that it asks for; what was planned for it before is gone on with first."""

    async def plan(desk: Desk, run: Run) -> Plan:
        return (await flattening_plan(desk, run))[0]

    for left in unfinished_runs(desk.ledger, desk.account):
        if left.kind == FLATTEN:
            await go_through(desk, FLATTEN, left.run_key, plan, DAY.close)
    reason = "somebody threw the switch"
    throw(desk.settings, reason, flatten=True)
    await take_account(desk, None)
    await cancel_everything(desk, reason)
    await require_clean(desk, None)
    at = desk.clock.now()
    await go_through(desk, FLATTEN, f"{FLATTEN}:{SESSION}T{at:%H:%M:%S}", plan, DAY.close)


async def go_through(desk: Desk, kind: str, run_key: str, plan: Planning, until: datetime) -> None:
    """A run, from wherever it was left."""
    settings = desk.settings.model_dump(mode="json")
    run = start_run(desk.ledger, desk.account, run_key, kind, SESSION, settings)
    if run.state == "DONE":
        return
    await take_account(desk, run)
    if not run.is_planned:
        if too_late(desk):
            return
        freeze_plan(desk.ledger, run, await plan(desk, run))
        run = find_run(desk.ledger, desk.account, run_key) or run
    async for wave in waves(desk, run):
        if wave.due_at >= until:
            return
        await work_wave(desk, wave)
    await require_clean(desk, run)
    finish_run(desk.ledger, run, "DONE", summary_of(desk, run))


async def take_account(desk: Desk, run: Run | None) -> None:
    await desk.wait_for_account(PATIENCE_SECONDS)
    await take_stock(desk, run)


async def require_clean(desk: Desk, run: Run | None) -> None:
    reconciled = await reconcile(desk, run)
    assert reconciled.is_clean, reconciled.breaks


def signals_of(occasion: Occasion) -> pd.DataFrame:
    """The signals as they come out of their suite."""
    signals = pd.DataFrame(occasion.signals)
    signals.insert(0, "row", range(2, 2 + len(signals)))
    return signals.assign(ts=pd.to_datetime(signals["ts"], utc=True))


def serve(directory: str) -> None:
    """Works a scenario for each name that is read, each time in another process."""
    market = ReplayMarket(Path(directory), SESSION)
    # Read once, here.
    market.quotes_at(DAY.open, sorted(market.symbols))

    def work(name: str, url: str) -> None:
        noting = at_crash_points(_note) if NOTING in os.environ else nullcontext()
        with noting:
            asyncio.run(live(SCENARIOS[name], url, market))

    fork_each(work)


def _note(point: CrashPoint) -> None:
    # Whole lines: what is booked beside passes points of its own.
    sys.stdout.write(f"{point}\n")


if __name__ == "__main__":
    serve(*sys.argv[1:])
