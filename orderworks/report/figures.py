"""What the report says, as figures: everything is computed here, from rows of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.model.order import Side
from orderworks.quality.aggregating import OF_ORDERS
from orderworks.quality.confidence import WeightedCost, weighted_cost
from orderworks.quality.metrics import BASIS_POINTS

Rows = Sequence[Mapping[str, Any]]
Floats = NDArray[np.float64]

PARTS = ("delay", "execution", "opportunity", "fees")
UNSPLIT = "not split"

LATENCIES = {
    "latency_submit_ms": "Signal to release",
    "latency_ack_ms": "Release to acknowledged",
    "latency_first_fill_ms": "Release to first fill",
    "latency_last_fill_ms": "Release to last fill",
}

MEASURES = {
    "slippage_decision_bps": "Slippage against the decision price",
    "slippage_arrival_bps": "Slippage against the arrival mid",
    "slippage_twap_bps": "Slippage against the interval's TWAP",
    "slippage_vwap_bps": "Slippage against the interval's VWAP",
    "slippage_open_bps": "Slippage against the open",
    "slippage_close_bps": "Slippage against the close",
    "market_adjusted_bps": "Cost adjusted for the market's move",
    "effective_spread_bps": "Effective spread",
    "realized_spread_bps": "Realized spread",
    "price_impact_bps": "Price impact",
    "price_improvement_bps": "Price improvement (positive is good)",
    "markout_1s_bps": "Markout after 1 s (positive is good)",
    "markout_10s_bps": "Markout after 10 s (positive is good)",
    "markout_1m_bps": "Markout after 1 min (positive is good)",
    "markout_5m_bps": "Markout after 5 min (positive is good)",
    "markout_30m_bps": "Markout after 30 min (positive is good)",
}
"""What is shown of ``orderworks.quality.aggregating.MEASURES``, if it is known, and its name."""


@dataclass(frozen=True, slots=True)
class Day:
    """What a session cost; ``bps`` of quantity * decision price, None where nothing is known."""

    session: date
    orders: int
    cost: Decimal | None
    bps: float | None
    paper: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the shortfall, in money and in basis points of the measured orders' paper value."""

    name: str
    money: Decimal
    bps: float


@dataclass(frozen=True, slots=True)
class Group:
    """Orders that have something in common: their arrival slippage, in money and how sure it is."""

    key: str
    money: float
    notional: float
    cost: WeightedCost


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a step took: ``typical`` is the median, all in milliseconds."""

    name: str
    orders: int
    typical: float
    slow: float
    slowest: float


@dataclass(frozen=True, slots=True)
class Measure:
    """What the ledger sums a measure up to, and of how many orders or fills (``of``) it is known."""

    name: str
    known: int
    of: Literal["order", "fill"]
    bps: float


@dataclass(frozen=True, slots=True)
class Cost:
    """The shortfall of the measured orders, and of how many it is not known.

    ``filled_share`` is what is filled of quantity * decision price, of all orders.
    """

    orders: int
    unmeasured: int
    filled_share: float
    total: Decimal | None
    bps: float | None
    parts: tuple[Part, ...]


def days_of(rows: Rows) -> list[Day]:
    """Each session's cost, from ``report_rows.daily_costs``."""
    return [
        Day(
            row["session"],
            row["orders"],
            row["cost"],
            _bps(row["cost"], row["paper"]),
            row["paper"],
        )
        for row in rows
    ]


def together_bps(days: Sequence[Day]) -> float | None:
    """The cost of several days over their paper value; None where none of it is known."""
    known = [one for one in days if one.cost is not None]
    cost = sum((one.cost or Decimal(0) for one in known), start=Decimal(0))
    return _bps(cost, sum((one.paper for one in known), start=Decimal(0)))


def cost_of(rows: Rows) -> Cost:
    """The shortfall and its parts, which sum to it exactly.

    What an order of unknown arrival price cost is known, but not how it came about: that is a part
    of its own, ``not split``.
    """
    known = [row for row in rows if row["shortfall_total"] is not None]
    paper = sum((row["quantity"] * row["decision_price"] for row in known), start=Decimal(0))
    total = sum((row["shortfall_total"] for row in known), start=Decimal(0))
    sums = {
        name: sum((row[f"shortfall_{name}"] or Decimal(0) for row in known), start=Decimal(0))
        for name in PARTS
    }
    rest = total - sum(sums.values(), start=Decimal(0))
    if rest:
        sums[UNSPLIT] = rest
    decided = sum((row["quantity"] * row["decision_price"] for row in rows), start=Decimal(0))
    done = sum((row["filled_quantity"] * row["decision_price"] for row in rows), start=Decimal(0))
    return Cost(
        orders=len(rows),
        unmeasured=len(rows) - len(known),
        filled_share=float(done) / float(decided) if decided else 0.0,
        total=total if known else None,
        bps=_bps(total, paper),
        parts=tuple(Part(name, part, _bps(part, paper) or 0.0) for name, part in sums.items())
        if known
        else (),
    )


def groups_of(rows: Rows, column: str) -> list[Group]:
    """The arrival slippage of the filled orders by a column, in the order of their keys.

    Orders of which the arrival price is not known have no part in it.
    """
    filled = [row for row in rows if row["filled_quantity"] and row["arrival_price"] is not None]
    keys = list(dict.fromkeys(row[column] for row in filled))
    groups = []
    for key in sorted(keys, key=lambda one: (one is None, one)):
        own = [row for row in filled if row[column] == key]
        costs, notionals = arrival_costs(own)
        cost = weighted_cost(costs, notionals)
        groups.append(Group(str(key), float(costs.sum()), float(notionals.sum()), cost))
    return groups


def arrival_costs(rows: Rows) -> tuple[Floats, Floats]:
    """Of filled orders: s * (paid - arrival value) and the arrival value, in money."""
    fair = [row["arrival_price"] * row["filled_quantity"] for row in rows]
    costs = [
        Side(row["side"]).sign * (row["filled_notional"] - value)
        for row, value in zip(rows, fair, strict=True)
    ]
    return np.array(costs, dtype=np.float64), np.array(fair, dtype=np.float64)


def latencies_of(rows: Rows) -> list[Latency]:
    """Each step that is known of an order at least."""
    found = []
    for column, name in LATENCIES.items():
        known = _known(rows, column)
        if len(known):
            typical, slow = np.percentile(known, (50, 95)).tolist()
            found.append(Latency(name, len(known), typical, slow, float(known.max())))
    return found


def measures_of(summed: pd.DataFrame, known: Mapping[str, int]) -> list[Measure]:
    """Each of MEASURES that the period has.

    Args:
        summed: the period as ``orderworks.quality.aggregating.aggregate`` has it: one row or none.
        known: of it, as ``orderworks.quality.aggregating.known_of`` counts.
    """
    return [
        Measure(name, known[column], "order" if column in OF_ORDERS else "fill", row[column])
        for row in summed.to_dict("records")
        for column, name in MEASURES.items()
        if not np.isnan(row[column])
    ]


def worst_of(rows: Rows, most: int) -> list[Mapping[str, Any]]:
    """The orders whose shortfall was the most money, dearest first; one that cost nothing is none."""
    dear = [
        row for row in rows if row["shortfall_total"] is not None and row["shortfall_total"] > 0
    ]
    dear.sort(key=lambda row: (-row["shortfall_total"], row["client_order_id"]))
    return dear[:most]


def done_until(steps: Sequence[tuple[datetime, float]]) -> tuple[list[datetime], list[float]]:
    """The times of some steps, earliest first, and the sum of all amounts up to each."""
    ordered = sorted(steps)
    return [at for at, _ in ordered], np.cumsum([amount for _, amount in ordered]).tolist()


def _bps(cost: Decimal | None, paper: Decimal) -> float | None:
    return None if cost is None or not paper else float(cost / paper * BASIS_POINTS)


def _known(rows: Rows, name: str) -> Floats:
    """What is known of a column, and of one that the rows lack nothing."""
    values = [row.get(name) for row in rows]
    return np.array([value for value in values if value is not None], dtype=np.float64)
