"""A daily flow of 100 orders: at most 3 s above a flow with as many empty tasks."""

import asyncio
import time
from itertools import count
from statistics import median

import pytest
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.daily import daily_execution
from orderworks.handoffs.engine import warm
from orderworks.market.synthetic import write_session
from orderworks.market.universe import Listing
from tests.benchmarks.flat_market import SESSION

COUNT = 100
TASKS = 10
"""As many as such a run has."""
ROUNDS = 5


@task(cache_policy=NO_CACHE, persist_result=False)
async def nothing() -> None:
    pass


@flow(persist_result=False)
async def empty(tasks: int) -> None:
    for _ in range(tasks):
        await nothing()


@pytest.fixture(scope="module")
def harness():
    # It imports Prefect's whole server, which whoever only looks for tests need not wait for.
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=60):
        yield


@pytest.mark.benchmark(group="flow")
def test_daily_flow_of_100_orders(benchmark, harness, ledger_url, tmp_path, monkeypatch):
    symbols = {f"S{number:03d}": Listing(50.0, 5_000_000, 0.015, 1) for number in range(COUNT)}
    write_session(tmp_path / "market", SESSION, symbols, seed=3)
    rows = [
        f"momentum,{symbol},long,0.5,50.00,{SESSION.open:%Y-%m-%dT%H:%M:%SZ},0.55,2.0,1.5"
        for symbol in symbols
    ]
    header = "strategy,symbol,direction,strength,price,ts,win_rate,avg_win_pct,avg_loss_pct"
    signals = tmp_path / "signals.csv"
    signals.write_text("\n".join([header, *rows]) + "\n")
    monkeypatch.setenv("ORDERWORKS_HOME", str(tmp_path))
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", ledger_url)
    monkeypatch.setenv("ORDERWORKS_RISK__MAX_PRICE_DEVIATION_PCT", "50")
    monkeypatch.setenv("ORDERWORKS_EXECUTION__GROSS_CAP_PCT", "50")
    warm()
    accounts = count()

    def new_account() -> None:
        monkeypatch.setenv("ORDERWORKS_BROKER__SIMULATED__ACCOUNT", f"FLOW{next(accounts)}")

    def daily() -> None:
        market = str(tmp_path / "market")
        asked = {"session": SESSION.date, "signals": str(signals), "market": market}
        state = asyncio.run(daily_execution(**asked, return_state=True))
        assert state.is_completed(), state.message

    def seconds_of_empty() -> float:
        begun = time.perf_counter()
        asyncio.run(empty(TASKS))
        return time.perf_counter() - begun

    seconds_of_empty()
    base = median([seconds_of_empty() for _ in range(ROUNDS)])
    benchmark.pedantic(daily, setup=new_account, rounds=ROUNDS, warmup_rounds=1)
    ours = benchmark.stats.stats.median
    print(f"empty flow of {TASKS} tasks {base:.2f} s, daily flow of {COUNT} orders {ours:.2f} s")
    assert ours - base < 3.0
