"""The implementation shortfall of each of many orders, as far as it can be known."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from orderworks.quality.metrics import Shortfall, implementation_shortfall

Execution = tuple[int, Decimal]
"""Shares and their price."""


def shortfalls(
    rows: pd.DataFrame, executions: Sequence[list[Execution]], fees: Sequence[Decimal]
) -> dict[str, pd.Series[Any]]:
    """The parts of each order's shortfall, by the column that each is.

    Where there is no end price, an order that was not filled whole has no opportunity cost and no
    total; without an arrival price, a filled one has a total that is not split.

    Args:
        rows: side, quantity, and decision_price, arrival_price and end_price, or None.
        executions: of each row; ``fees`` in money, likewise.

    Returns:
        shortfall_delay, _execution, _opportunity, _fees and _total, Decimal or None, and
        shortfall_bps, float64 or NaN.
    """
    parts: dict[str, list[Any]] = {
        name: [] for name in ("delay", "execution", "opportunity", "fees", "total", "bps")
    }
    for side, ordered, decision, arrival, end, done, fee in zip(
        rows["side"].tolist(),
        rows["quantity"].tolist(),
        rows["decision_price"].tolist(),
        rows["arrival_price"].tolist(),
        rows["end_price"].tolist(),
        executions,
        fees,
        strict=True,
    ):
        # A price that is missing may stand in as the decision price where it cannot matter: delay
        # and execution share the arrival price, which their sum is free of; a whole fill leaves
        # nothing to miss.
        shortfall = implementation_shortfall(
            side, ordered, decision, arrival or decision, done, end or decision, fee
        )
        split = arrival is not None or not done
        whole = end is not None or sum(shares for shares, _ in done) == ordered
        for name, value in _known_parts(shortfall, split=split, whole=whole).items():
            parts[name].append(value)
    bps = parts.pop("bps")
    return {
        **{f"shortfall_{name}": pd.Series(money, dtype=object) for name, money in parts.items()},
        "shortfall_bps": pd.Series(bps, dtype=float),
    }


def _known_parts(shortfall: Shortfall, *, split: bool, whole: bool) -> dict[str, Any]:
    return {
        "delay": shortfall.delay if split else None,
        "execution": shortfall.execution if split else None,
        "opportunity": shortfall.opportunity if whole else None,
        "fees": shortfall.fees,
        "total": shortfall.total if whole else None,
        "bps": shortfall.total_bps if whole else None,
    }
