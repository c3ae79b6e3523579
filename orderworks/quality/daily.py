"""The execution quality of orders in memory, weighted by notional; ``aggregating`` has it of the ledger's."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.model.order import Side
from orderworks.quality.measuring import BENCHMARKS
from orderworks.quality.metrics import BASIS_POINTS

Floats = NDArray[np.float64]

WHOLE_DAY = "all"
"""The one key of the dimension ``day``."""

COLUMNS = (
    *("dimension", "key", "orders", "unmeasured", "quantity", "filled_quantity", "notional"),
    "fill_rate",
    *(f"slippage_{name}_bps" for name in BENCHMARKS),
    *("shortfall_total", "shortfall_bps", "fees"),
)


def summarise(rows: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """The quality of each group of orders along one dimension.

    Slippage is sum(s * (P - B) * q) / sum(B * q) over the orders that have the benchmark, and
    shortfall is over quantity * decision price: never a mean of basis points. The fill rate is
    filled * decision price over quantity * decision price, of all orders. Money is summed
    over the orders of which it is known; ``unmeasured`` counts those whose shortfall is not.

    Args:
        rows: as ``measure_orders`` returns them.
        dimension: a column of ``rows``, or ``day`` for all of them.

    Returns:
        COLUMNS, ordered by key; no row where there is no order. Money is Decimal, or None where
        it is known of no order; measures are float64, or NaN.
    """
    filled = rows["filled_quantity"].to_numpy(np.float64)
    paid = rows["filled_notional"].to_numpy(np.float64)
    signs = rows["side"].map({side.value: side.sign for side in Side}).to_numpy(np.float64)
    measured = rows["shortfall_total"].notna()
    decided = rows["quantity"] * rows["decision_price"]
    parts = pd.DataFrame(
        {
            "orders": 1,
            "unmeasured": (~measured).astype(int),
            "quantity": rows["quantity"],
            "filled_quantity": rows["filled_quantity"],
            "notional": rows["filled_notional"],
            "shortfall_total": rows["shortfall_total"].where(measured, Decimal(0)),
            "decided": decided,
            "done": rows["filled_quantity"] * rows["decision_price"],
            "paper": decided.where(measured, Decimal(0)),
            "fees": rows["shortfall_fees"],
        },
        index=rows.index,
    )
    for name in BENCHMARKS:
        fair = rows[f"{name}_price"].to_numpy(np.float64) * filled
        parts[f"fair_{name}"] = fair
        parts[f"cost_{name}"] = signs * (paid - fair)
    keys = pd.Series(WHOLE_DAY, rows.index) if dimension == "day" else rows[dimension]
    # Sums skip what is missing, in cost and fair value alike.
    sums = parts.groupby(keys.to_numpy()).sum().rename_axis("key").reset_index()

    known = sums["unmeasured"] < sums["orders"]
    shortfall = sums["shortfall_total"].to_numpy(np.float64)
    paper = sums["paper"].to_numpy(np.float64)
    return sums.assign(
        dimension=dimension,
        fill_rate=sums["done"].to_numpy(np.float64) / sums["decided"].to_numpy(np.float64),
        shortfall_total=sums["shortfall_total"].where(known, None),
        shortfall_bps=_basis_points(shortfall, paper),
        **{
            f"slippage_{name}_bps": _basis_points(
                sums[f"cost_{name}"].to_numpy(np.float64),
                sums[f"fair_{name}"].to_numpy(np.float64),
            )
            for name in BENCHMARKS
        },
    )[list(COLUMNS)]


def _basis_points(cost: Floats, of: Floats) -> Floats:
    """NaN where there is nothing to divide by: no order of the group was filled or measured."""
    return np.where(of > 0, cost / np.where(of > 0, of, 1), np.nan) * BASIS_POINTS
