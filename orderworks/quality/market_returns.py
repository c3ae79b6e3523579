"""What the market did while an order was worked, and what an execution cost beside it.

The market-adjusted cost is s((P - Pa) / Pa - r), in basis points, with r the market's return from the
order's release to the fill: the index-adjusted cost of Kissell, The Science of Algorithmic Trading and
Portfolio Management (2013), chapter 3, with a beta of one.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from orderworks.quality.histories import Histories
from orderworks.quality.metrics import BASIS_POINTS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def market_adjusted_bps(
    signs: Floats, prices: Floats, arrivals: Floats, market_returns: Floats
) -> Floats:
    """Arrays with one element a fill; NaN where a price or the return is not known."""
    return signs * ((prices - arrivals) / arrivals - market_returns) * BASIS_POINTS


def market_returns(
    symbols: NDArray[np.object_],
    starts: Integers,
    ends: Integers,
    market: Iterable[str],
    histories: Histories,
) -> Floats:
    """The return of the market over each interval: the plain mean of its symbols' but the own.

    Args:
        symbols: whose interval each is; ``starts`` and ``ends`` in microseconds, one of each.
        market: the symbols that the market is made of.

    Returns:
        Fractions; NaN where no other symbol has a mid at both ends.
    """
    # A mid is looked up once for each moment, however many fills share it.
    moments, places = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    first, last = places[: len(starts)], places[len(starts) :]
    total, count = np.zeros(len(starts)), np.zeros(len(starts))
    for name in market:
        mids = histories.of(name).mids_at(moments)
        returns = mids[last] / mids[first] - 1
        known = np.isfinite(returns) & (symbols != name)
        total[known] += returns[known]
        count[known] += 1
    return np.where(count > 0, total / np.where(count > 0, count, 1), np.nan)
