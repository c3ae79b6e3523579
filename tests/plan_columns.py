"""Plans for tests, written a row at a time."""

from collections.abc import Sequence
from typing import Any

from orderworks.ledger.bulk import Columns

SIGNAL_COLUMNS = ("row", "strategy", "symbol", "direction", "strength", "price", "ts", "content")
DECISION_COLUMNS = ("strategy", "symbol", "accepted", "code", "reason", "saw")
ORDER_COLUMNS = (
    *("client_order_id", "account", "parent_id", "slice_index", "strategy", "symbol", "side"),
    *("planned_quantity", "quantity", "order_type", "limit_price", "stop_loss_price", "tif"),
    *("algo", "due_at", "ends_at", "route_rule", "route_saw", "decision_price", "signal_ts"),
)


def by_column(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Columns:
    """The rows as a plan holds them."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
