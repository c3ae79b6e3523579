"""Signals, as a strategy gives them: from a file, before anything is sized."""

from orderworks.handoffs.rules import (
    above_zero,
    absent_where,
    at_least,
    before,
    below_where,
    each,
    fraction,
    inside_fraction,
    not_blank,
    not_both,
    one_of,
    one_of_where,
    one_required_where,
    required_where,
    symbol,
    unique,
)
from orderworks.handoffs.suite import Rule, Suite, optional, required
from orderworks.model.order import (
    MAY_HAVE_LIMIT,
    NATIVE,
    PRICES_OF,
    TRAILS,
    TYPES_OF,
    Algo,
    OrderType,
    Remainder,
    TimeInForce,
)

DIRECTIONS = ("long", "short", "flat")

ORDER_PRICES = ("limit_price", "stop_price", *TRAILS)
"""The columns that make an order of one type or another."""


def prices_of_types() -> tuple[Rule, ...]:
    """Each order type has its own prices, and no others."""
    has = {**PRICES_OF, OrderType.TRAILING_STOP: TRAILS}
    rules: list[Rule] = [not_both(*TRAILS)]
    for price in ORDER_PRICES:
        types = [order_type for order_type in OrderType if price in has[order_type]]
        types += MAY_HAVE_LIMIT if price == "limit_price" else ()
        rules += [
            absent_where(price, "order_type", order_type)
            for order_type in OrderType
            if order_type not in types
        ]
    # A limit order without a limit is priced by the router.
    rules += [
        required_where(price, "order_type", order_type)
        for order_type in (OrderType.STOP, OrderType.STOP_LIMIT)
        for price in PRICES_OF[order_type]
    ]
    return (*rules, one_required_where(TRAILS, "order_type", OrderType.TRAILING_STOP))


def types_of_times() -> tuple[Rule, ...]:
    """Not every time in force goes with every order type."""
    return tuple(
        one_of_where("order_type", sorted(types), "tif", tif) for tif, types in TYPES_OF.items()
    )


def whole_orders() -> tuple[Rule, ...]:
    """A stop waits for its price, an auction for its time, the middle is followed: none is sliced."""
    whole = (
        *(OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP),
        OrderType.MIDPRICE,
    )
    return (
        *(one_of_where("algo", [Algo.NONE], "order_type", order_type) for order_type in whole),
        *(
            one_of_where("algo", [Algo.NONE], "tif", tif)
            for tif in (TimeInForce.OPG, TimeInForce.CLS)
        ),
    )


def native_orders() -> tuple[Rule, ...]:
    """What the broker works by itself is one order of the day, which is not cut or priced anew here."""
    kept = (Remainder.KEEP, Remainder.CANCEL, Remainder.SWEEP)
    return tuple(
        rule
        for algo in sorted(NATIVE)
        for rule in (
            one_of_where("tif", [TimeInForce.DAY], "algo", algo),
            one_of_where("remainder", kept, "algo", algo),
            absent_where("slices", "algo", algo),
        )
    )


def exits_around_price() -> tuple[Rule, ...]:
    """A long position is protected below its price and takes its profit above; a short one reversed."""
    return (
        below_where("stop_loss_price", "price", "direction", "long"),
        below_where("price", "take_profit_price", "direction", "long"),
        below_where("price", "stop_loss_price", "direction", "short"),
        below_where("take_profit_price", "price", "direction", "short"),
    )


SIGNALS = Suite(
    handoff="signals",
    may_be_empty=False,
    columns=(
        *required("text", "strategy", "symbol", "direction"),
        *required("number", "strength", "price"),
        *required("time", "ts"),
        *optional("number", "win_rate", "avg_win_pct", "avg_loss_pct"),
        *optional("integer", "row", "quantity"),
        *optional("text", "order_type", "tif", "algo", "remainder"),
        *optional("number", *ORDER_PRICES),
        *optional("number", "take_profit_price", "stop_loss_price"),
        *optional("time", "start", "end", "good_till"),
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
        one_of("order_type", OrderType),
        one_of("tif", TimeInForce),
        one_of("algo", Algo),
        one_of("remainder", Remainder),
        *each(above_zero, "limit_price", "stop_price", "trail_amount"),
        *each(above_zero, "take_profit_price", "stop_loss_price"),
        inside_fraction("trail_percent"),
        *prices_of_types(),
        *types_of_times(),
        *whole_orders(),
        *native_orders(),
        *exits_around_price(),
        required_where("good_till", "tif", TimeInForce.GTD),
        *(
            absent_where("good_till", "tif", tif)
            for tif in TimeInForce
            if tif is not TimeInForce.GTD
        ),
        before("start", "end"),
        at_least("slices", 1),
    ),
)
