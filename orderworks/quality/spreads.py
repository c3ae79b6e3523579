"""What crossing the market cost each of many fills, in basis points of the mid at its time.

Arrays with one element a fill: ``signs`` are +1 to buy and -1 to sell, prices are positive, NaN where
one is not known; what needs it is NaN then. The formulas are those of ``metrics`` (SEC rule 605; Huang
and Stoll, Dealer versus auction markets, 1996), over the mid at the fill: so that of each fill effective
spread = realized spread + price impact.
"""

import numpy as np
from numpy.typing import NDArray

from orderworks.quality.metrics import BASIS_POINTS

Floats = NDArray[np.float64]


def effective_spreads_bps(signs: Floats, prices: Floats, mids: Floats) -> Floats:
    """2s(P - mid) / mid: what was paid, both ways."""
    return 2 * signs * (prices - mids) / mids * BASIS_POINTS


def realized_spreads_bps(signs: Floats, prices: Floats, mids: Floats, mids_after: Floats) -> Floats:
    """2s(P - mid after) / mid: what the other side kept."""
    return 2 * signs * (prices - mids_after) / mids * BASIS_POINTS


def price_impacts_bps(signs: Floats, mids: Floats, mids_after: Floats) -> Floats:
    """2s(mid after - mid) / mid: how far the market went with the fill."""
    return 2 * signs * (mids_after - mids) / mids * BASIS_POINTS


def price_improvements_bps(signs: Floats, prices: Floats, bids: Floats, asks: Floats) -> Floats:
    """(ask - P) / mid to buy, (P - bid) / mid to sell: positive is better than the quote."""
    return _saved(signs, prices, bids, asks) / ((bids + asks) / 2) * BASIS_POINTS


def spread_captures(signs: Floats, prices: Floats, bids: Floats, asks: Floats) -> Floats:
    """The part of the quoted spread that was not paid: 0 at the far side, 1 at the near one.

    NaN where the quote is locked: there is no spread to capture.
    """
    spreads = asks - bids
    return _saved(signs, prices, bids, asks) / np.where(spreads > 0, spreads, np.nan)


def _saved(signs: Floats, prices: Floats, bids: Floats, asks: Floats) -> Floats:
    return np.where(signs > 0, asks - prices, prices - bids)
