"""How large an order is in its market, in four words: by what orders are compared and summed up."""

import numpy as np
from numpy.typing import NDArray

BOUNDS_PCT = (0.1, 1.0, 5.0)
SIZE_BUCKETS = ("<0.1%", "0.1-1%", "1-5%", ">5%")
"""Of the average daily volume; a size on a bound is in the bucket above it, but 5 % is below ``>5%``."""

UNKNOWN = "unknown"
"""Where no average daily volume was seen at the decision."""


def size_buckets(sizes_pct: NDArray[np.float64]) -> NDArray[np.object_]:
    """The bucket of each order: per cent of the average daily volume, NaN where that is not known."""
    places = np.digitize(sizes_pct, BOUNDS_PCT[:2]) + (sizes_pct > BOUNDS_PCT[2])
    named = np.array(SIZE_BUCKETS, dtype=object)[np.minimum(places, len(SIZE_BUCKETS) - 1)]
    return np.where(np.isnan(sizes_pct), UNKNOWN, named)
