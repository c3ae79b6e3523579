"""Scheduled: the child orders, each with the time at which it is due."""

from orderworks.handoffs.rules import (
    above_zero,
    at_least,
    at_most_characters,
    each,
    equal,
    not_above,
    not_blank,
    one_of,
    symbol,
    unique,
)
from orderworks.handoffs.suite import Suite, nullable, required
from orderworks.model.order import Side

LONGEST_ID = 40
"""Characters of a client order id that every broker takes."""

SCHEDULED = Suite(
    handoff="scheduled",
    columns=(
        *required("text", "client_order_id", "symbol", "side"),
        *nullable("text", "parent_id"),
        *required("integer", "quantity", "slice_index"),
        *required("time", "due_at"),
        *nullable("time", "cross_at"),
        *required("integer", "parent_quantity", "scheduled_quantity"),
    ),
    rules=(
        *each(not_blank, "client_order_id", "parent_id"),
        unique("client_order_id", of="child order"),
        at_most_characters("client_order_id", LONGEST_ID),
        symbol("symbol"),
        one_of("side", Side),
        above_zero("quantity"),
        at_least("slice_index", 0),
        equal("scheduled_quantity", "parent_quantity"),
        not_above("due_at", "cross_at"),
    ),
)
