"""A 10,000-order rebalance through the simulated exchange, every transition durable: at most 2 s."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.terms import Terms
from orderworks.desk.desk import Desk, open_desk
from orderworks.desk.plan import plan_of
from orderworks.desk.policies import routing_policy, sizing_policy
from orderworks.desk.positions import with_positions
from orderworks.desk.quotes import with_quotes
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.scheduling import schedule_routed
from orderworks.desk.targets import signals_of_targets
from orderworks.desk.valuation import risk_context, value_account
from orderworks.desk.waves import waves, work_wave
from orderworks.ledger.embedded import EmbeddedServer
from orderworks.ledger.runs import find_run, freeze_plan, start_run
from orderworks.model.clock import ReplayClock
from orderworks.planning.bets import size
from orderworks.planning.risk.gate import gate
from orderworks.planning.routing import route
from orderworks.settings import load_settings
from tests.benchmarks.flat_market import SESSION, FlatMarket

COUNT = 10_000

SETTINGS = {
    "router": {"urgent_strength": 0.1, "twap_num_slices": 1},
    "risk": {"max_gross_exposure_pct": 500, "max_net_exposure_pct": 500},
}


@pytest.fixture
def durable_url() -> Iterator[str]:
    """The address of an empty ledger on a server as users have it: what is committed is on the disk."""
    home = Path(tempfile.mkdtemp(prefix="orderworks-"))
    server = EmbeddedServer(home)
    try:
        yield server.start()
    finally:
        server.remove()
        shutil.rmtree(home)


async def rebalance(desk: Desk, targets: pd.DataFrame, laps: dict[str, float]) -> None:
    """What the rebalance flow's tasks do, without Prefect and Great Expectations."""
    clock = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal clock
        laps[name] = time.perf_counter() - clock
        clock = time.perf_counter()

    run = start_run(desk.ledger, desk.account, "rebalance:bench", "rebalance", SESSION.date, {})
    await desk.take_over()
    await reconcile(desk, run)
    lap("open and reconcile")
    signals = signals_of_targets(desk, targets)
    valuation = value_account(desk)
    sized = size(
        with_positions(desk, signals),
        equity=valuation.equity,
        cash=valuation.cash,
        policy=sizing_policy(desk.settings),
    )
    gated = gate(await with_quotes(desk, sized.orders), risk_context(desk, frozenset()))
    routed = route(gated.accepted, routing_policy(desk.settings))
    scheduled = schedule_routed(desk, run.run_key, routed)
    plan = plan_of(desk.account, "inputs", signals, sized, gated, scheduled)
    lap("plan")
    freeze_plan(desk.ledger, run, plan)
    run = find_run(desk.ledger, desk.account, run.run_key) or run
    lap("freeze")
    async for wave in waves(desk, run):
        await work_wave(desk, wave)
    lap("work")
    result = await reconcile(desk, run)
    assert result.is_clean
    lap("reconcile")


@pytest.mark.benchmark(group="rebalance")
def test_rebalance_10_000_orders(benchmark, durable_url):
    settings = load_settings(**SETTINGS)
    market = FlatMarket(COUNT)
    targets = pd.DataFrame(
        {"row": range(1, COUNT + 1), "symbol": market.names, "weight": 1 / COUNT}
    )
    laps: list[dict[str, float]] = []

    def arrange():
        return (f"BENCH{len(laps)}",), {}

    def run(account: str) -> None:
        laps.append({})

        async def work() -> None:
            clock = ReplayClock(SESSION.open + timedelta(seconds=10))
            terms = Terms(account, Decimal(1_000_000_000), 1.0, "fixed", True)
            broker = SimulatedBroker(durable_url, market, SESSION, terms, clock)
            async with open_desk(settings, durable_url, SESSION, market, broker, clock) as desk:
                await rebalance(desk, targets, laps[-1])
                filled = desk.ledger.execute(
                    "SELECT count(*) AS n FROM orders WHERE account = %s AND state = 'FILLED'",
                    (account,),
                ).fetchone()
                assert filled["n"] == COUNT

        asyncio.run(work())

    benchmark.pedantic(run, setup=arrange, rounds=int(os.environ.get("R", "5")))
    best = min(laps, key=lambda one: sum(one.values()))
    benchmark.extra_info.update({name: round(seconds, 3) for name, seconds in best.items()})
    print({name: round(seconds, 3) for name, seconds in best.items()})
    assert benchmark.stats.stats.median < 2.0
