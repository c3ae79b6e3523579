"""10,000 signals through sizing, gate, router and slicing: at most 150 ms."""

from datetime import timedelta

import pytest

from orderworks.desk.interpreter import suited_to_desks
from orderworks.desk.policies import routing_policy, sizing_policy
from orderworks.planning.bets import size
from orderworks.planning.risk.gate import gate
from orderworks.planning.routing import route
from orderworks.planning.scheduling import Schedule, horizon, schedule
from orderworks.settings import load_settings
from tests.benchmarks.flat_market import SESSION
from tests.benchmarks.tables import generous_context, quoted, signals_table

EQUITY = 1e9


@pytest.mark.benchmark(group="planning")
def test_plan_10_000_signals(benchmark):
    settings = load_settings()
    signals = signals_table(10_000)
    context = generous_context(EQUITY)
    window = horizon(SESSION.open, SESSION.close, 5, timedelta(seconds=60))
    sizing, routing = sizing_policy(settings), routing_policy(settings)

    def plan() -> Schedule:
        sized = size(signals, equity=EQUITY, cash=EQUITY, policy=sizing)
        gated = gate(quoted(sized.orders), context)
        routed = route(gated.accepted, routing)
        return schedule(routed, window, "BENCH", "daily:2026-11-20", {})

    # As where a run plans: its desk is open.
    with suited_to_desks():
        planned = benchmark.pedantic(plan, rounds=15, warmup_rounds=2)
    assert len(planned.parents) > 9_000
    assert len(planned.children) > len(planned.parents)
    assert benchmark.stats.stats.median < 0.150
