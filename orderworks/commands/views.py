"""What the table of each listing shows, to fit a terminal of a hundred columns."""

from collections.abc import Sequence

from orderworks.printing import View

TERMINAL = 100

ORDERS = View(
    "order",
    {
        "client_order_id": "order",
        "symbol": "symbol",
        "side": "side",
        "quantity": "quantity",
        "filled_quantity": "filled",
        "avg_fill_price": "avg price",
        "state": "state",
        "limit_price": "limit",
        "due_at": "due",
    },
    counted="state",
    under="parent_id",
    note="reason",
)
CHILDREN = View(
    "child order",
    {
        "client_order_id": "order",
        "parent_id": "parent",
        "symbol": "symbol",
        "side": "side",
        "quantity": "quantity",
        "filled_quantity": "filled",
        "state": "state",
        "limit_price": "limit",
        "due_at": "due",
    },
    counted="state",
    note="reason",
)
FILLS = View(
    "fill",
    {
        "exec_id": "execution",
        "client_order_id": "order",
        "symbol": "symbol",
        "side": "side",
        "quantity": "quantity",
        "price": "price",
        "commission": "commission",
        "ts": "time",
    },
)
POSITIONS = View(
    "position",
    {
        "symbol": "symbol",
        "quantity": "quantity",
        "break_even_price": "break-even price",
        "cost": "cost",
    },
)
ORDER_QUALITY = View(
    "measured order",
    {
        "session": "session",
        "client_order_id": "order",
        "symbol": "symbol",
        "side": "side",
        "quantity": "quantity",
        "fill_rate": "fill rate",
        "average_price": "avg price",
        "slippage_arrival_bps": "arrival bps",
        "slippage_vwap_bps": "vwap bps",
        "shortfall_total": "shortfall",
        "shortfall_bps": "bps",
    },
)
_QUALITY_BY = View(
    "aggregate",
    {
        "orders": "orders",
        "notional": "notional",
        "fill_rate": "fill rate",
        "slippage_arrival_bps": "arrival bps",
        "slippage_vwap_bps": "vwap bps",
        "shortfall_total": "shortfall",
        "shortfall_bps": "bps",
        "fees": "fees",
    },
)


def quality_by(columns: Sequence[str]) -> View:
    """Of what was summed up: by the columns that come before the number of orders, less what it says."""
    keys = columns[: list(columns).index("orders")]
    headings = {name: {"key": "of"}.get(name, name) for name in keys if name != "dimension"}
    return View(_QUALITY_BY.noun, headings | dict(_QUALITY_BY.headings))


REPLAYED = View(
    "algorithm",
    {
        "algorithm": "algorithm",
        "orders": "orders",
        "notional": "notional",
        "fill_rate": "fill rate",
        "slippage_arrival_bps": "arrival\nbps",
        "slippage_twap_bps": "twap\nbps",
        "slippage_vwap_bps": "vwap\nbps",
        "shortfall_bps": "shortfall\nbps",
        "shortfall_total": "shortfall",
        "fees": "fees",
    },
)
REPLAYED_BY_ROUTE = View("row", {"algorithm": "algorithm", "route": "route", **REPLAYED.headings})
COMPARED = View(
    "comparison",
    {
        "algorithm": "algorithm",
        "other": "less",
        "orders": "orders",
        "alike": "worked\nalike",
        "difference_bps": "difference\nbps",
        "spread_bps": "spread\nbps",
        "low_bps": "95 % from\nbps",
        "high_bps": "to\nbps",
        "within_noise": "within\nnoise",
    },
)
BREAKS = View(
    "break",
    {
        "id": "no.",
        "kind": "kind",
        "subject": "subject",
        "ours": "ours",
        "theirs": "theirs",
        "symbol": "locks",
        "found_at": "found",
        "resolved_at": "resolved",
        "resolution": "resolution",
    },
    counted="kind",
)
ALERTS = View(
    "alert",
    {"at": "time", "kind": "kind", "client_order_id": "order", "message": "message"},
    counted="kind",
)
PLANNED = View(
    "planned order",
    {
        "client_order_id": "order",
        "strategy": "strategy",
        "symbol": "symbol",
        "side": "side",
        "quantity": "quantity",
        "decision_price": "decision",
        "order_type": "type",
        "algo": "algo",
        "slices": "slices",
        "due_at": "due",
        "route_rule": "route",
    },
    counted="route_rule",
)
REFUSED = View(
    "refused signal",
    {"strategy": "strategy", "symbol": "symbol", "code": "code", "reason": "reason"},
    counted="code",
)
ACCOUNTS = View(
    "account",
    {
        "account": "account",
        "mode": "mode",
        "cash": "cash",
        "open_orders": "open\norders",
        "at_broker": "at\nbroker",
        "unknown": "unknown",
        "open_breaks": "open\nbreaks",
        "alerts": "alerts",
        "killed": "killed",
        "kill_reason": "because",
        "lease_holder": "worked by",
    },
)
RUNS = View(
    "run",
    {
        "account": "account",
        "run_key": "run",
        "state": "state",
        "orders": "orders",
        "open_orders": "open",
        "created_at": "started",
        "message": "message",
    },
    counted="state",
    folded_to=TERMINAL,
)
EXCHANGE_ORDERS = View(
    "order",
    {
        "number": "no.",
        "client_order_id": "order",
        "symbol": "symbol",
        "side": "side",
        "quantity": "quantity",
        "filled_quantity": "filled",
        "avg_fill_price": "avg price",
        "state": "state",
        "limit_price": "limit",
        "received_at": "received",
    },
    counted="state",
    note="reason",
)
