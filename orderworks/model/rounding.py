"""Prices onto the tick grid and quantities onto whole lots."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Literal, TypeVar, overload

from orderworks.model.exact import Number, to_decimal, to_positive, to_side
from orderworks.model.order import Side

PriceKind = Literal["limit", "stop"]

# A limit must not be made worse than asked: a buy never pays more, a sell never takes less.
# A stop must not be made looser than asked: a sell stop triggers no lower, a buy stop no higher.
ROUNDING: dict[tuple[PriceKind, Side], str] = {
    ("limit", Side.BUY): ROUND_FLOOR,
    ("limit", Side.SELL): ROUND_CEILING,
    ("stop", Side.BUY): ROUND_FLOOR,
    ("stop", Side.SELL): ROUND_CEILING,
}

# Arithmetic in float64 strays some 1e-16 of a price an operation; no tick of a real price is
# as fine as this. The second bound keeps it so for prices that are not.
NOISE_OF_PRICE = Decimal("1e-12")
NOISE_OF_TICK = Decimal("1e-3")

Quantity = TypeVar("Quantity", int, float, Decimal)


def round_to_tick(price: Number, tick: Number, side: Side | str, kind: PriceKind) -> Decimal:
    """``price`` on the grid of ``tick``, never to the order's disadvantage.

    A limit is never made worse than asked: a buy rounds down, a sell up. A stop is never made
    looser than asked: a sell stop rounds up and a buy stop down, so that protection triggers no
    later than it would have off the grid. What is within float noise of a tick is that tick:
    13.870000000000001 is 13.87 for either side.

    Raises:
        ValueError: naming the argument; also for a price that would round to nothing.
    """
    asked = to_positive(price, "price")
    step = to_positive(tick, "tick")
    direction = to_side(side)
    if kind not in ("limit", "stop"):
        raise ValueError(f"kind must be 'limit' or 'stop', not {kind!r}")
    rounding = ROUNDING[kind, direction]
    with localcontext(prec=60):
        nearest = (asked / step).to_integral_value()
        stray = abs(nearest * step - asked)
        if stray < min(asked * NOISE_OF_PRICE, step * NOISE_OF_TICK):
            ticks = nearest
        else:
            ticks = (asked / step).to_integral_value(rounding)
        rounded = ticks * step
    if rounded <= 0:
        raise ValueError(f"price must be at least one tick of {step}, not {price}")
    return rounded


@overload
def round_to_lot(quantity: Quantity, lot_size: Number) -> Quantity: ...
@overload
def round_to_lot(quantity: str, lot_size: Number) -> Decimal: ...
def round_to_lot(quantity: Number, lot_size: Number) -> Number:
    """``quantity`` as whole lots, toward zero, in the type that it came in; text as a Decimal.

    Never up, however close: a cap that was computed just below a lot stays below it.

    Raises:
        ValueError: naming the argument.
    """
    asked = to_decimal(quantity, "quantity")
    lot = to_positive(lot_size, "lot_size")
    with localcontext(prec=60):
        whole = asked // lot * lot
    return whole if isinstance(quantity, str) else type(quantity)(whole)
