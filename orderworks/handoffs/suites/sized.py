"""Sized: each signal as a quantity to trade, before the risk gate."""

from orderworks.handoffs.rules import above_zero, each, fraction, not_blank, one_of, symbol, unique
from orderworks.handoffs.suite import Suite, nullable, required
from orderworks.model.order import Side

SIZED = Suite(
    handoff="sized",
    columns=(
        *required("text", "strategy", "symbol", "side"),
        *required("integer", "quantity", "target", "holdings", "open_buys", "open_sells"),
        *required("number", "decision_price", "strength"),
        *nullable("number", "stop_loss_price", "take_profit_price"),
    ),
    rules=(
        not_blank("strategy"),
        symbol("symbol"),
        one_of("side", Side),
        *each(above_zero, "quantity", "decision_price"),
        *each(above_zero, "stop_loss_price", "take_profit_price"),
        fraction("strength"),
        unique("strategy", "symbol", of="order"),
    ),
)
