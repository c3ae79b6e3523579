"""Where an order is priced against a quote: one table of price rules, vectorised and exact.

Prices enter and leave as integers in ten-thousandths of a dollar, the finest US grid.
"""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

UNITS = 10_000
"""Price units a dollar."""
_NOISE_OF_PRICE = 1e-12
_NOISE_OF_TICK = 1e-3
"""Float64 arithmetic strays less than both; the bounds of ``round_to_tick``."""


class PriceRule(StrEnum):
    """How a child is priced when it is released."""

    NONE = "none"  # a market order has no price
    GIVEN = "given"  # the signal's own limit
    NEAR_TOUCH = "near_touch"  # bid to buy, ask to sell
    NEAR_OFFSET = "near_offset"  # that, an offset toward the market
    MID_OFFSET = "mid_offset"  # the mid, an offset toward the market
    FAR_TOUCH = "far_touch"  # ask to buy, bid to sell
    FAR_COLLAR = "far_collar"  # that, with room for the price to move away


def _near(sign: Ints, bid: Floats, ask: Floats) -> Floats:
    return np.where(sign > 0, bid, ask)


def _far(sign: Ints, bid: Floats, ask: Floats) -> Floats:
    return np.where(sign > 0, ask, bid)


Formula = Callable[[Ints, Floats, Floats, float, float], Floats]

FORMULAS: dict[PriceRule, Formula] = {
    PriceRule.NEAR_TOUCH: lambda sign, bid, ask, offset, collar: _near(sign, bid, ask),
    PriceRule.NEAR_OFFSET: lambda sign, bid, ask, offset, collar: (
        _near(sign, bid, ask) * (1 + sign * offset / 100)
    ),
    PriceRule.MID_OFFSET: lambda sign, bid, ask, offset, collar: (
        (bid + ask) / 2 * (1 + sign * offset / 100)
    ),
    PriceRule.FAR_TOUCH: lambda sign, bid, ask, offset, collar: _far(sign, bid, ask),
    PriceRule.FAR_COLLAR: lambda sign, bid, ask, offset, collar: (
        _far(sign, bid, ask) * (1 + sign * collar / 100)
    ),
}


def limit_prices(
    rules: NDArray[np.object_],
    sign: Ints,
    bid: Floats,
    ask: Floats,
    *,
    offset_pct: float,
    collar_pct: float,
) -> Floats:
    """The limit price of each order by its rule, on the tick grid, never worse than the formula's.

    Args:
        rules: a ``PriceRule`` an order; NaN comes back for NONE and GIVEN.
        sign: +1 buy, -1 sell.
        bid, ask: dollars.
        offset_pct, collar_pct: per cent of the price.
    """
    prices = np.full(len(rules), np.nan)
    for rule, formula in FORMULAS.items():
        chosen = rules == rule
        if chosen.any():
            prices[chosen] = formula(sign[chosen], bid[chosen], ask[chosen], offset_pct, collar_pct)
    return on_grid(prices, sign)


def on_grid(prices: Floats, sign: Ints) -> Floats:
    """Prices on Regulation NMS's grid: buys down, sells up; the scalar is ``round_to_tick``.

    That holds for limits and for stops alike; ``sign`` is that of the order which has the price.

    The grid is chosen by the price itself: a cent from one dollar up, a hundredth of one below.
    """
    units = prices * UNITS
    tick = np.where(prices >= 1, UNITS // 100, 1)
    ticks = units / tick
    nearest = np.rint(ticks)
    exact = np.abs(nearest - ticks) < np.minimum(ticks * _NOISE_OF_PRICE, _NOISE_OF_TICK)
    down, up = np.floor(ticks), np.ceil(ticks)
    chosen = np.where(exact, nearest, np.where(sign > 0, down, up))
    return np.asarray(chosen * tick / UNITS)


def exact_prices(prices: Floats) -> list[Decimal]:
    """Exact prices of float64 ones that are on the finest grid."""
    return [Decimal(round(price * UNITS)).scaleb(-4) for price in prices.tolist()]


def exact_or_none(prices: Floats) -> list[Decimal | None]:
    """Exact prices, None for NaN."""
    known = iter(exact_prices(prices[~np.isnan(prices)]))
    return [None if missing else next(known) for missing in np.isnan(prices).tolist()]
