"""Routed: each order with its type, price and algorithm, and the rule that chose them."""

from orderworks.handoffs.rules import (
    above_zero,
    each,
    not_blank,
    one_of,
    required_where,
    sound_quote,
    symbol,
)
from orderworks.handoffs.suite import Suite, nullable, required
from orderworks.model.order import Algo, OrderType, Side

ROUTED = Suite(
    handoff="routed",
    columns=(
        *required("text", "strategy", "symbol", "side", "order_type", "route_rule", "algo"),
        *required("integer", "quantity"),
        *required("number", "bid", "ask"),
        *nullable("number", "limit_price"),
    ),
    rules=(
        *each(not_blank, "strategy", "route_rule"),
        symbol("symbol"),
        one_of("side", Side),
        one_of("order_type", OrderType),
        one_of("algo", Algo),
        *each(above_zero, "quantity", "limit_price"),
        required_where("limit_price", "order_type", OrderType.LIMIT),
        *sound_quote(),
    ),
)
