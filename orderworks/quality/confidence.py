"""How sure a notional-weighted cost is: its 95 % interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from orderworks.quality.metrics import BASIS_POINTS

Floats = NDArray[np.float64]

T_95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Student's t that 95 % lie within, for 1, 2, ... degrees of freedom."""

Z_95 = 1.95996


@dataclass(frozen=True, slots=True)
class WeightedCost:
    """The cost of some orders over their notional, in basis points.

    ``low_bps`` and ``high_bps`` are its 95 % interval, None where one order alone says nothing of how
    costs vary.
    """

    orders: int
    bps: float
    low_bps: float | None
    high_bps: float | None


def weighted_cost(costs: Floats, notionals: Floats) -> WeightedCost:
    """sum(cost) / sum(notional) of some orders, and how sure that is.

    The standard error is that of a ratio (Cochran, Sampling Techniques, 2.11, without correction),
    widened by each order's share of the notional (the jackknife's leverage), and the degrees of
    freedom are those of Kish's effective sample size (sum w)^2 / sum w^2 less one: a few large
    orders among many small ones say little. Orders are taken for independent; those of one session
    share a market, so the interval is rather too narrow.

    Args:
        costs: money, one an order, positive is cost.
        notionals: the benchmark's value of each, above zero.

    Raises:
        ValueError: if there is no order.
    """
    count, notional = len(costs), float(notionals.sum())
    if not count:
        raise ValueError("costs must be of an order at least")
    ratio = float(costs.sum()) / notional
    if count == 1:
        return WeightedCost(1, ratio * BASIS_POINTS, None, None)
    shares = notionals / notional
    residuals = (costs - ratio * notionals) / notional / (1 - shares)
    error = sqrt(float(residuals @ residuals) * (count - 1) / count)
    effective = 1 / float(shares @ shares)
    reach = student_t(max(1, round(effective - 1))) * error
    return WeightedCost(
        count,
        ratio * BASIS_POINTS,
        (ratio - reach) * BASIS_POINTS,
        (ratio + reach) * BASIS_POINTS,
    )


def student_t(degrees: int) -> float:
    """Student's t that 95 % lie within.

    Beyond the table by the first terms of its expansion (Abramowitz and Stegun, 26.7.5).
    """
    if degrees <= len(T_95):
        return T_95[degrees - 1]
    z = Z_95
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
