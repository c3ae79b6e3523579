"""What the tables of the page show: a view is a resource, its columns and the filters that are offered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orderworks.ledger.resource import Resource
from orderworks.ledger.resources import RESOURCES

PROGRESS = "progress"
"""A column of its own: how much of the quantity is filled."""


@dataclass(frozen=True, slots=True)
class View:
    """A table of the page.

    ``columns`` are headings by field, the first of them names the row. ``fixed`` are filters that always
    hold. A row links to the order that ``order`` names.
    """

    name: str
    title: str
    resource: Resource
    columns: Mapping[str, str]
    filters: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    order: str | None = "client_order_id"

    @property
    def by_session(self) -> bool:
        """Whether it shows one session, unless it is asked for all."""
        return "session" in self.filters


ORDERS = View(
    "orders",
    "Orders",
    RESOURCES["orders"],
    {
        "symbol": "Symbol",
        "side": "Side",
        PROGRESS: "Filled",
        "state": "State",
        "filled_quantity": "Shares filled",
        "quantity": "Ordered",
        "avg_fill_price": "Avg price",
        "limit_price": "Limit",
        "order_type": "Type",
        "algo": "Algorithm",
        "route_rule": "Route",
        "strategy": "Strategy",
        "due_at": "Due",
        "reason": "Reason",
    },
    ("session", "symbol", "strategy", "side", "state", "run_key"),
    {"parents": True},
)
CHILDREN = View(
    "children",
    "Children",
    RESOURCES["orders"],
    {
        "due_at": "Due",
        PROGRESS: "Filled",
        "state": "State",
        "filled_quantity": "Shares filled",
        "quantity": "Ordered",
        "avg_fill_price": "Avg price",
        "order_type": "Type",
        "limit_price": "Limit",
        "released_at": "Sent",
        "closed_at": "Ended",
        "client_order_id": "Order",
        "reason": "Reason",
    },
)
EVENTS = View(
    "events",
    "Events",
    RESOURCES["order-events"],
    {
        "at": "Time",
        "event": "Event",
        "from_state": "From",
        "to_state": "To",
        "reason": "Reason",
    },
    order=None,
)
FILLS = View(
    "fills",
    "Fills",
    RESOURCES["fills"],
    {
        "symbol": "Symbol",
        "side": "Side",
        "quantity": "Shares",
        "price": "Price",
        "commission": "Commission",
        "ts": "Time",
        "strategy": "Strategy",
        "exec_id": "Execution",
    },
    ("session", "symbol", "strategy", "side", "run_key"),
)
POSITIONS = View(
    "positions",
    "Positions",
    RESOURCES["positions"],
    {
        "symbol": "Symbol",
        "quantity": "Shares",
        "break_even_price": "Break-even price",
        "cost": "Cost",
        "updated_at": "Changed",
    },
    ("symbol",),
    order=None,
)
QUALITY = View(
    "quality",
    "Quality",
    RESOURCES["order-quality"],
    {
        "symbol": "Symbol",
        "side": "Side",
        "session": "Session",
        "filled_notional": "Notional",
        "fill_rate": "Fill rate",
        "slippage_arrival_bps": "Arrival bps",
        "slippage_vwap_bps": "VWAP bps",
        "shortfall_bps": "Shortfall bps",
        "shortfall_total": "Shortfall",
        "latency_ack_ms": "Ack ms",
        "latency_first_fill_ms": "First fill ms",
        "route_rule": "Route",
        "algo": "Algorithm",
        "strategy": "Strategy",
    },
    ("session", "symbol", "strategy", "side", "run_key"),
)
DAYS = View(
    "days",
    "Sessions",
    RESOURCES["daily-quality"],
    {
        "session": "Session",
        "orders": "Orders",
        "notional": "Notional",
        "fill_rate": "Fill rate",
        "slippage_arrival_bps": "Arrival bps",
        "shortfall_bps": "Shortfall bps",
        "shortfall_total": "Shortfall",
        "fees": "Fees",
    },
    fixed={"dimension": "day"},
    order=None,
)
BREAKS = View(
    "breaks",
    "Breaks",
    RESOURCES["breaks"],
    {
        "subject": "Subject",
        "kind": "Kind",
        "ours": "Books",
        "theirs": "Broker",
        "symbol": "Locks",
        "found_at": "Found",
        "resolved_at": "Resolved",
        "resolution": "Resolution",
    },
    ("symbol", "kind", "resolved"),
    order=None,
)
ALERTS = View(
    "alerts",
    "Alerts",
    RESOURCES["alerts"],
    {"at": "Time", "message": "Alert", "kind": "Kind"},
    ("session", "kind"),
)
RUNS = View(
    "runs",
    "Runs",
    RESOURCES["runs"],
    {
        "run_key": "Run",
        "kind": "Kind",
        "state": "State",
        "open_orders": "Open orders",
        "created_at": "Begun",
        "finished_at": "Ended",
        "message": "Message",
    },
    ("session", "kind", "state"),
    order=None,
)

LISTS = {one.name: one for one in (ORDERS, FILLS, POSITIONS, QUALITY, BREAKS, ALERTS, RUNS)}
"""The views that have a page, and a file to export, of their own."""
