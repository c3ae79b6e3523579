"""One sound row of each handoff, from which tables are made; tests break one thing at a time."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pandas as pd
from pandas import DataFrame, Series, Timestamp

NOON = Timestamp("2026-11-20T17:00:00Z")

_SIZED: dict[str, object] = {
    "strategy": "momentum",
    "side": "buy",
    "quantity": 100,
    "target": 150,
    "holdings": 50,
    "open_buys": 0,
    "open_sells": 0,
    "decision_price": Decimal("100.01"),
    "strength": 0.5,
    "stop_loss_price": Decimal("98.01"),
    "take_profit_price": None,
}
_QUOTE: dict[str, object] = {"bid": Decimal("99.99"), "ask": Decimal("100.01")}

ROWS: dict[str, dict[str, object]] = {
    "signals": {
        "strategy": "momentum",
        "direction": "long",
        "strength": 0.5,
        "price": 100.01,
        "ts": NOON,
        "win_rate": 0.55,
        "avg_win_pct": 2.0,
        "avg_loss_pct": 1.0,
        "quantity": 100,
        "order_type": "limit",
        "limit_price": 100.0,
        "tif": "day",
        "algo": "twap",
        "start": NOON,
        "end": NOON + pd.Timedelta(hours=1),
        "slices": 5,
        "remainder": "keep",
        "good_till": None,
        **dict.fromkeys(("stop_price", "trail_amount", "trail_percent")),
        **dict.fromkeys(("take_profit_price", "stop_loss_price")),
    },
    "targets": {"weight": -0.25},
    "sized": _SIZED,
    "gated": {**_SIZED, **_QUOTE, "adv": 1_000_000.0},
    "routed": {
        "strategy": "momentum",
        "side": "sell",
        "quantity": 100,
        "order_type": "limit",
        "limit_price": Decimal("100.00"),
        "route_rule": "small",
        "algo": "none",
        **_QUOTE,
    },
    "scheduled": {
        "parent_id": "p-1",
        "side": "buy",
        "quantity": 50,
        "slice_index": 0,
        "due_at": NOON,
        "cross_at": NOON + pd.Timedelta(seconds=50),
        "parent_quantity": 100,
        "scheduled_quantity": 100,
    },
    "submitted": {
        "side": "buy",
        "quantity": 50,
        "state": "SUBMITTED",
        "order_type": "limit",
        "limit_price": Decimal("100.00"),
        "attempts": 1,
        "released_at": NOON,
    },
    "fills": {
        "client_order_id": "o-1",
        "side": "buy",
        "quantity": 50,
        "price": Decimal("100.00"),
        "commission": Decimal("-0.10"),
        "ts": NOON,
        "filled_quantity": 50,
        "ordered_quantity": 100,
    },
    "quality": {
        "side": "buy",
        "quantity": 100,
        "filled_quantity": 50,
        "fill_rate": 0.5,
        "slippage_arrival_bps": 3.2,
        "shortfall_total": 12.5,
    },
}
"""Without the columns that tell rows apart, which ``sound`` adds."""

_ID = {
    "scheduled": "client_order_id",
    "submitted": "client_order_id",
    "fills": "exec_id",
    "quality": "client_order_id",
}


def sound(handoff: str, rows: int = 3) -> DataFrame:
    """A table of ``rows`` rows that keep every rule."""
    table = DataFrame([ROWS[handoff]] * rows, dtype=object)
    table["symbol"] = Series([f"SYM{number}" for number in range(rows)], dtype=object)
    if handoff in _ID:
        table[_ID[handoff]] = Series([f"id-{number}" for number in range(rows)], dtype=object)
    return table


def with_changes(handoff: str, changes: Sequence[Mapping[str, object]]) -> DataFrame:
    """A sound table but for the values that each of its rows changes."""
    table = sound(handoff, rows=len(changes))
    for position, changed in enumerate(changes):
        for column, value in changed.items():
            table.at[position, column] = value
    return table
