"""The values of a row, in the form that JSON and PostgreSQL's jsonb can keep."""

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from numbers import Integral, Real

import numpy as np
import pandas as pd
from pandas import DataFrame


def row_contents(frame: DataFrame, positions: Sequence[int]) -> dict[int, dict[str, object]]:
    """All columns of the rows at ``positions``, by position."""
    taken = frame.iloc[list(positions)]
    names = [str(name) for name in frame.columns]
    columns = [[json_able(value) for value in taken[name]] for name in frame.columns]
    rows = zip(*columns, strict=True)
    return {
        position: dict(zip(names, row, strict=True))
        for position, row in zip(positions, rows, strict=True)
    }


def json_able(value: object) -> object:
    """None, bool, int, finite float or str: missing is None, exact numbers and times are text."""
    if isinstance(value, str):
        # jsonb holds no NUL.
        return str(value).replace("\0", "\\0")
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Decimal):
        return None if value.is_nan() else str(value)
    if isinstance(value, Real):
        number = float(value)
        if math.isnan(number):
            return None
        return number if math.isfinite(number) else str(number)
    if isinstance(value, date):
        return value.isoformat()
    return json_able(str(value))
