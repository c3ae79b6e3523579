"""Signals, as a strategy gives them: from a file, before anything is sized."""

from orderworks.handoffs.rules import (
    above_zero,
    absent_where,
    at_least,
    before,
    each,
    fraction,
    not_blank,
    one_of,
    symbol,
    unique,
)
from orderworks.handoffs.suite import Suite, optional, required
from orderworks.model.order import Algo, OrderType, TimeInForce

DIRECTIONS = ("long", "short", "flat")

# The exchange trades more than the desk works so far; what it does not work is refused here.
TYPES = (OrderType.MARKET, OrderType.LIMIT)
TIMES = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC)
ALGOS = (Algo.NONE, Algo.TWAP, Algo.VWAP)

SIGNALS = Suite(
    handoff="signals",
    may_be_empty=False,
    columns=(
        *required("text", "strategy", "symbol", "direction"),
        *required("number", "strength", "price"),
        *required("time", "ts"),
        *optional("number", "win_rate", "avg_win_pct", "avg_loss_pct"),
        *optional("integer", "row", "quantity"),
        *optional("text", "order_type", "tif", "algo"),
        *optional("number", "limit_price"),
        *optional("time", "start", "end"),
        *optional("integer", "slices"),
    ),
    rules=(
        not_blank("strategy"),
        symbol("symbol"),
        one_of("direction", DIRECTIONS),
        *each(fraction, "strength", "win_rate"),
        *each(above_zero, "price", "avg_win_pct", "avg_loss_pct"),
        unique("strategy", "symbol", of="signal"),
        above_zero("quantity"),
        one_of("order_type", TYPES),
        one_of("tif", TIMES),
        one_of("algo", ALGOS),
        above_zero("limit_price"),
        absent_where(
            "limit_price",
            "order_type",
            OrderType.MARKET,
            sentence="limit_price goes with a limit order only",
        ),
        before("start", "end"),
        at_least("slices", 1),
    ),
)
