"""Under what an order is summed up beside its own columns: its hour, and its size in the market."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.market.calendar import NEW_YORK

Floats = NDArray[np.float64]

BOUNDS_PCT = (0.1, 1.0, 5.0)
SIZE_BUCKETS = ("<0.1%", "0.1-1%", "1-5%", ">5%")
"""Of the average daily volume; a size on a bound is in the bucket above it, but 5 % is below ``>5%``."""

UNKNOWN = "unknown"
"""Where no average daily volume was seen at the decision."""


def size_buckets(quantities: Floats, average_daily_volumes: Floats) -> NDArray[np.object_]:
    """The bucket of each order: shares, over shares a day (NaN where not known)."""
    known = average_daily_volumes > 0
    sizes = quantities / np.where(known, average_daily_volumes, 1) * 100
    places = np.digitize(sizes, BOUNDS_PCT[:2]) + (sizes > BOUNDS_PCT[2])
    named = np.array(SIZE_BUCKETS, dtype=object)[places]
    return np.where(known, named, UNKNOWN)


def hours(released: pd.Series[Any]) -> NDArray[np.int64]:
    """The hour of the day in New York, 0 to 23, of aware times."""
    return np.asarray(released.dt.tz_convert(NEW_YORK).dt.hour, dtype=np.int64)
