"""Whether two ways of working orders cost differently: the difference within strata, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from orderworks.quality.confidence import Z_95, student_t

Floats = NDArray[np.float64]

Z_80 = 0.84162
"""What a normal variable stays below in four of five cases."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the treatment cost more than the control, in basis points; below zero it cost less.

    Attributes:
        orders, treated: that were compared: those whose stratum has both.
        alone: orders left out, as their stratum has none of the other kind.
        bps: None where nothing can be compared.
        low_bps, high_bps: the 95 % interval; None where there are too few orders for one.
        needed: about how many more orders it takes to tell a difference of this size from none, in
            four of five such experiments; 0 where it is told, None where that cannot be said.
    """

    orders: int
    treated: int
    alone: int
    bps: float | None
    low_bps: float | None
    high_bps: float | None
    needed: int | None

    @property
    def is_told(self) -> bool:
        """Whether the difference is distinguishable from none."""
        return (
            self.low_bps is not None
            and self.high_bps is not None
            and (self.low_bps > 0 or self.high_bps < 0)
        )


def compare(
    bps: Floats, notionals: Floats, treated: NDArray[np.bool_], strata: Sequence[str]
) -> Difference:
    """The stratified difference of notional-weighted costs.

    The weighted least squares of cost on treatment with a level a stratum: within each, treated are
    compared with untreated by notional, and strata count by the notional that they compare. Its
    standard error is robust against costs that vary with size (HC3: MacKinnon and White 1985), its
    interval Student's with orders - strata - 1 degrees of freedom. Orders are taken for independent.

    Args:
        bps: the cost of each order; ``notionals``, above zero, what it is of.
        treated, strata: likewise one an order.
    """
    treatment = treated.astype(np.float64)
    codes = np.unique(np.asarray(strata, dtype=str), return_inverse=True)[1]
    counts = np.bincount(codes)
    share = np.bincount(codes, treatment) / np.maximum(counts, 1)
    both = ((share > 0) & (share < 1))[codes]
    alone = int((~both).sum())
    if not both.any():
        return Difference(0, 0, alone, None, None, None, None)
    codes = np.unique(codes[both], return_inverse=True)[1]
    cost, weight, treatment = bps[both], notionals[both] / notionals[both].mean(), treatment[both]
    totals = np.bincount(codes, weight)

    def centred(values: Floats) -> Floats:
        return np.asarray(values - (np.bincount(codes, weight * values) / totals)[codes])

    effect, spread = centred(treatment), centred(cost)
    leaning = weight * effect
    information = float(leaning @ effect)
    difference = float(leaning @ spread) / information
    orders, degrees = len(cost), len(cost) - len(totals) - 1
    if degrees < 1:
        return Difference(orders, int(treatment.sum()), alone, difference, None, None, None)
    leverage = weight / totals[codes] + leaning * effect / information
    # An order that is fitted exactly says nothing of how costs vary.
    residuals = (spread - difference * effect) / np.maximum(1 - leverage, 1e-3)
    error = sqrt(float(((leaning * residuals) ** 2).sum())) / information
    reach = student_t(degrees) * error
    told = abs(difference) > reach
    return Difference(
        orders,
        int(treatment.sum()),
        alone,
        difference,
        difference - reach,
        difference + reach,
        0 if told else _needed(orders, difference, error),
    )


def _needed(orders: int, difference: float, error: float) -> int | None:
    """The error shrinks with the root of the orders: until it is (1.96 + 0.84) times in the difference."""
    if not difference:
        return None
    factor = ((Z_95 + Z_80) * error / difference) ** 2
    return max(1, ceil(orders * (factor - 1)))
