"""Tables that the benchmarks plan from."""

import numpy as np
import pandas as pd

from orderworks.planning.risk.context import RiskContext, RiskLimits
from tests.benchmarks.flat_market import ASK, BID, SESSION


def signals_table(count: int) -> pd.DataFrame:
    """Seeded signals, one a symbol."""
    random = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "row": np.arange(1, count + 1),
            "strategy": "momentum",
            "symbol": [f"S{number:05d}" for number in range(count)],
            "direction": random.choice(["long", "short"], count),
            "strength": random.uniform(0.0, 1.0, count),
            "price": random.uniform(49.9, 50.1, count).round(2),
            "ts": pd.Series([SESSION.open] * count, dtype="datetime64[us, UTC]"),
            "win_rate": random.uniform(0.5, 0.6, count),
            "avg_win_pct": 2.0,
            "avg_loss_pct": 1.5,
            "holdings": 0,
            "open_buys": 0,
            "open_sells": 0,
            "own_holdings": 0,
            "own_open_remaining": 0,
            "lot_size": 1,
        }
    )


def quoted(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders with the columns that the gate and the router look at."""
    random = np.random.default_rng(8)
    return orders.assign(
        bid=BID,
        ask=ASK,
        bid_size=1000.0,
        ask_size=1000.0,
        quote_ts=SESSION.open,
        quote_problem=None,
        adv=random.uniform(5_000.0, 1_000_000.0, len(orders)),
    )


def generous_context(equity: float) -> RiskContext:
    """An account that the gate finds little to refuse of."""
    return RiskContext(
        limits=RiskLimits(max_gross_exposure_pct=1e6, max_net_exposure_pct=1e6),
        kill_switch=False,
        session_open=True,
        equity=equity,
        peak_equity=equity,
        day_pnl=0.0,
        buying_power=1e12,
        gross_exposure=0.0,
        net_exposure=0.0,
        orders_today=0,
        turnover_today=0.0,
        day_trades_last_5_sessions=0,
        short_selling=True,
    )
