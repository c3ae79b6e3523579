"""Measured orders of several algorithms, for the tests of what is made of them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pandas as pd
from pandas import DataFrame

from orderworks.backtest.comparison import by_algorithm

DAY = date(2024, 11, 21)


def order(
    algorithm: str, bps: float | None, number: int = 0, **changes: object
) -> dict[str, object]:
    """A buy of 1,000 at 100 (100,000 of value) that was filled whole and cost so many basis points."""
    total = None if bps is None else Decimal(str(bps * 10))
    return {
        "algorithm": algorithm,
        "session": DAY,
        "run_key": f"daily:{DAY}",
        "client_order_id": f"{algorithm}-{number}",
        "strategy": "momentum",
        "symbol": f"S{number}",
        "side": "buy",
        "quantity": 1000,
        "decision_price": Decimal(100),
        "algo": algorithm,
        "asked_algo": algorithm,
        "style": "cross",
        "route": "LARGE",
        "filled_quantity": 0 if bps is None else 1000,
        "filled_notional": Decimal(0) if bps is None else 100_000 + (total or 0),
        "arrival_price": Decimal(100),
        "twap_price": 100.0,
        "vwap_price": 100.0,
        "open_price": None,
        "close_price": None,
        "shortfall_total": total,
        "shortfall_fees": Decimal(0),
        "shortfall_bps": float("nan") if bps is None else bps,
    } | changes


def costs(**of: Sequence[float]) -> DataFrame:
    """Each algorithm's cost of the same orders, in basis points."""
    return pd.DataFrame(
        [
            order(algorithm, bps, number)
            for algorithm, every in of.items()
            for number, bps in enumerate(every)
        ]
    )


def summary(orders: DataFrame) -> DataFrame:
    return by_algorithm(orders)
