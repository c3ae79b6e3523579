"""Measured orders and the content of a report, made by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from orderworks.model.listing import Listing
from orderworks.report.content import Content
from orderworks.report.figures import Day

DAY = date(2026, 11, 20)
OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
AT = OPEN + timedelta(hours=7)
"""When the report is written."""


def order(name: str = "ow-1", **changes: Any) -> dict[str, Any]:
    """A buy of 1,000 A as golden numbers have it: 700 filled at 10.07, shortfall 87.00."""
    return {
        "client_order_id": name,
        "session": DAY,
        "strategy": "momentum",
        "symbol": "A",
        "side": "buy",
        "order_type": "limit",
        "route_rule": "SMALL",
        "algo": "none",
        "quantity": 1000,
        "filled_quantity": 700,
        "fill_rate": 0.7,
        "filled_notional": Decimal("7049.00"),
        "average_price": Decimal("10.07"),
        "decision_price": Decimal("10.00"),
        "arrival_price": Decimal("10.05"),
        "shortfall_delay": Decimal(35),
        "shortfall_execution": Decimal(14),
        "shortfall_opportunity": Decimal(24),
        "shortfall_fees": Decimal(14),
        "shortfall_total": Decimal(87),
        "shortfall_bps": 87.0,
        "latency_ack_ms": 250.0,
        "began_at": OPEN,
        "worked_until": OPEN + timedelta(minutes=5),
        "hour": 9,
    } | changes


def experiment_order(treated: bool, bps: float | None, **changes: Any) -> dict[str, Any]:
    """An order of 10,000 that an experiment drew, measured and filled whole."""
    return {
        "experiment": "vwap for large",
        "kind": "algo",
        "control": "twap",
        "treatment": "vwap",
        "share": 0.5,
        "seed": 7,
        "stratum": "1-5% of ADV, <5 bps wide",
        "treated": treated,
        "released": True,
        "shortfall_bps": bps,
        "paper": 10_000.0,
        "filled": 10_000.0,
    } | changes


def experiment_orders(count: int, difference: float = 0.0, **changes: Any) -> list[dict[str, Any]]:
    """Half of them treated, which cost so much more, give or take 4 bps."""
    draws = np.random.default_rng(5)
    return [
        experiment_order(
            bool(place % 2), float(draws.normal(difference * (place % 2), 4.0)), **changes
        )
        for place in range(count)
    ]


def days(*bps: float, until: date = DAY) -> list[Day]:
    """The sessions before one, each of so many basis points of a million."""
    return [
        Day(until - timedelta(days=len(bps) - place), 10, Decimal(cost) * 100, cost, Decimal(10**6))
        for place, cost in enumerate(bps)
    ]


def content(*orders: dict[str, Any], **changes: Any) -> Content:
    """A session's content with nothing but its orders."""
    nothing = Listing((), [])
    parts: dict[str, Any] = {
        "account": "SIM1",
        "first": DAY,
        "last": DAY,
        "orders": list(orders),
        "left_out": {},
        "days": [],
        "measures": [],
        "schedules": [],
        "worst": [],
        "drawn": [],
        "rejects": nothing,
        "refusals": nothing,
        "breaks": nothing,
        "alerts": nothing,
    }
    return Content(**parts | changes)
