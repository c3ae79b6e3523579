"""Quality: what the execution of each order cost."""

from orderworks.handoffs.rules import (
    above_zero,
    at_least,
    fraction,
    not_above,
    not_blank,
    one_of,
    smaller_than,
    symbol,
    unique,
)
from orderworks.handoffs.suite import Suite, nullable, required
from orderworks.model.order import Side

LARGEST_SLIPPAGE_BPS = 10_000
"""A whole price: what lies beyond is a wrong benchmark, not a cost."""

QUALITY = Suite(
    handoff="quality",
    columns=(
        *required("text", "client_order_id", "symbol", "side"),
        *required("integer", "quantity", "filled_quantity"),
        *required("number", "fill_rate"),
        *nullable("number", "slippage_arrival_bps", "shortfall_total"),
    ),
    rules=(
        not_blank("client_order_id"),
        unique("client_order_id", of="order"),
        symbol("symbol"),
        one_of("side", Side),
        above_zero("quantity"),
        at_least("filled_quantity", 0),
        not_above("filled_quantity", "quantity"),
        fraction("fill_rate"),
        smaller_than("slippage_arrival_bps", LARGEST_SLIPPAGE_BPS),
    ),
)
