"""Submitted: the orders whose release was attempted, and where each of them stands."""

from orderworks.handoffs.rules import above_zero, at_least, each, not_blank, one_of, symbol, unique
from orderworks.handoffs.suite import Suite, nullable, required
from orderworks.model.order import OrderType, Side
from orderworks.model.state import OrderState

RELEASED_STATES = tuple(state for state in OrderState if state is not OrderState.NEW)

SUBMITTED = Suite(
    handoff="submitted",
    columns=(
        *required("text", "client_order_id", "symbol", "side", "state", "order_type"),
        *required("integer", "quantity", "attempts"),
        *nullable("number", "limit_price"),
        *required("time", "released_at"),
    ),
    rules=(
        not_blank("client_order_id"),
        unique("client_order_id", of="submission"),
        symbol("symbol"),
        one_of("side", Side),
        one_of("state", RELEASED_STATES),
        one_of("order_type", OrderType),
        *each(above_zero, "quantity", "limit_price"),
        at_least("attempts", 1),
    ),
)
