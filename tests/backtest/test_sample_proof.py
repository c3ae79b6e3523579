"""20,000 shares of BAC from 10:00 to 10:30 New York on 2013-10-08, in 30 slices, on real quotes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from orderworks.backtest.replay import ask, trade
from orderworks.handoffs.signals_file import read_signals
from orderworks.ledger.connection import open_ledger
from orderworks.market.replay import ReplayMarket
from orderworks.quality.metrics import slippage_bps
from orderworks.settings import load_settings

pytestmark = pytest.mark.proof

SESSION = date(2013, 10, 8)
START, END = (datetime(2013, 10, 8, 14, minute, tzinfo=UTC) for minute in (0, 30))
BENCHMARK = {"twap": Decimal("13.8757"), "vwap": Decimal("13.8755")}
"""The mid, weighted by time and by the volume curve of an earlier day."""
WITHIN_BPS = 5.0
STYLES = ("cross", "passive")


async def test_slices_that_cross_follow_the_benchmark_and_passive_ones_cost_less(
    ledger_url: str, sample_market: Path, tmp_path: Path
) -> None:
    file = tmp_path / "signals.csv"
    file.write_text(
        "strategy,symbol,direction,strength,price,ts,quantity,start,end,slices\n"
        "proof,BAC,long,0.5,13.88,2013-10-08T13:55:00Z,20000,"
        f"{START.isoformat()},{END.isoformat()},30\n"
    )
    settings = load_settings(
        broker={"provider": "simulated", "simulated": {"cash": 10_000_000}},
    )
    algorithms = [f"{algo}-{style}" for algo in BENCHMARK for style in STYLES]
    asked = ask(settings, SESSION, SESSION, read_signals(file), sample_market, algorithms)
    market, cost = ReplayMarket(sample_market, SESSION), {}
    for name in algorithms:
        (session,), batches = asked.sessions, asked.batches[SESSION]
        await trade(settings, ledger_url, session, market, batches, name)
        with open_ledger(ledger_url) as ledger:
            fills = ledger.execute(
                "SELECT f.quantity, f.price, f.ts FROM fills f JOIN orders o USING (client_order_id) "
                "WHERE f.account = %s AND o.parent_id IS NOT NULL",
                (name.upper(),),
            ).fetchall()
            slices = ledger.execute(
                "SELECT planned_quantity, due_at FROM orders WHERE account = %s "
                "AND parent_id IS NOT NULL AND route_rule <> 'SWEEP'",
                (name.upper(),),
            ).fetchall()
        assert sum(fill["quantity"] for fill in fills) == 20_000
        assert sum(one["planned_quantity"] for one in slices) == 20_000
        assert len(slices) == 30
        assert all(START <= one["due_at"] < END for one in slices)
        assert all(START < fill["ts"] <= END for fill in fills)
        paid = sum(fill["quantity"] * fill["price"] for fill in fills)
        cost[name] = slippage_bps("buy", paid / 20_000, BENCHMARK[name.partition("-")[0]])
    for algo in BENCHMARK:
        assert abs(cost[f"{algo}-cross"]) <= WITHIN_BPS
        assert cost[f"{algo}-passive"] < cost[f"{algo}-cross"]
    print({name: round(bps, 2) for name, bps in cost.items()})
