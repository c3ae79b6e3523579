"""Under what an order is summed up beside its own columns: its hour, and its size in the market."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.market.calendar import NEW_YORK
from orderworks.planning import size_buckets as planning

Floats = NDArray[np.float64]


def size_buckets(quantities: Floats, average_daily_volumes: Floats) -> NDArray[np.object_]:
    """The bucket of each order: shares, over shares a day (NaN where not known)."""
    known = average_daily_volumes > 0
    volumes = np.where(known, average_daily_volumes, np.nan)
    return planning.size_buckets(quantities / volumes * 100)


def hours(released: pd.Series[Any]) -> NDArray[np.int64]:
    """The hour of the day in New York, 0 to 23, of aware times."""
    return np.asarray(released.dt.tz_convert(NEW_YORK).dt.hour, dtype=np.int64)
