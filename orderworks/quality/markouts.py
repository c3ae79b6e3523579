"""Where the market went after each of many fills."""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from orderworks.quality.histories import History
from orderworks.quality.metrics import BASIS_POINTS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

HORIZONS = {
    "1s": timedelta(seconds=1),
    "10s": timedelta(seconds=10),
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "30m": timedelta(minutes=30),
}
"""``markout_<name>_bps`` looks so far ahead."""

REALIZED = "5m"
"""The horizon of realized spread and price impact."""

_MICROSECOND = timedelta(microseconds=1)


def markouts_bps(signs: Floats, prices: Floats, mids_after: Floats) -> Floats:
    """s(mid after - P) / P in basis points: positive where the market went our way.

    Arrays with one element a fill; NaN where there is no mid.
    """
    return signs * (mids_after - prices) / prices * BASIS_POINTS


def mids_after(history: History, filled_at: Integers, until: int) -> dict[str, Floats]:
    """The mid that stands at each horizon after each fill, of one symbol.

    Args:
        filled_at: microseconds.
        until: microseconds; NaN is what would be looked for after it: the close, or now.
    """
    found = {}
    for name, horizon in HORIZONS.items():
        later = filled_at + horizon // _MICROSECOND
        found[name] = np.where(later <= until, history.mids_at(later), np.nan)
    return found
