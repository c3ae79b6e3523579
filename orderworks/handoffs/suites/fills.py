"""Fills: what the broker executed, beside what was ordered. A commission may be a rebate."""

from orderworks.handoffs.rules import (
    above_zero,
    at_least,
    each,
    not_above,
    not_blank,
    one_of,
    symbol,
    unique,
)
from orderworks.handoffs.suite import Suite, required
from orderworks.model.order import Side

FILLS = Suite(
    handoff="fills",
    columns=(
        *required("text", "exec_id", "client_order_id", "symbol", "side"),
        *required("integer", "quantity"),
        *required("number", "price", "commission"),
        *required("time", "ts"),
        *required("integer", "filled_quantity", "ordered_quantity"),
    ),
    rules=(
        *each(not_blank, "exec_id", "client_order_id"),
        unique("exec_id", of="fill"),
        symbol("symbol"),
        one_of("side", Side),
        *each(above_zero, "quantity", "price"),
        at_least("filled_quantity", 0),
        not_above("filled_quantity", "ordered_quantity"),
    ),
)
