"""The typed columns of the gate."""

import numpy as np
from numpy.typing import NDArray

BoolColumn = NDArray[np.bool_]
IntColumn = NDArray[np.int64]
FloatColumn = NDArray[np.float64]
TimeColumn = NDArray[np.datetime64]
TextColumn = NDArray[np.object_]


def whole(shares: FloatColumn) -> IntColumn:
    """Shares that float64 carried, as the integers that they are."""
    return np.rint(shares).astype(np.int64)
