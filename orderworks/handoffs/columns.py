"""Whether a frame has a suite's columns, and their values in the form that rules judge."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from pandas.api import types

from orderworks.handoffs.refusal import HandoffRefused
from orderworks.handoffs.suite import Column, Kind, Suite

KIND_WORDS: dict[Kind, str] = {
    "text": "text",
    "number": "numbers",
    "integer": "whole numbers",
    "time": "times with a zone",
}


def typed_columns(suite: Suite, frame: DataFrame) -> DataFrame:
    """The suite's columns of ``frame`` as text, float64 or times with a zone, by position.

    Exact prices (Decimal) become floats here, for judging only: the caller's frame is untouched.

    Raises:
        HandoffRefused: a column is missing, occurs twice or holds another kind of value.
    """
    names = list(frame.columns)
    _refuse_absent(suite, names)
    _refuse_repeated(suite, names)
    # Labels may repeat; positions do not.
    rows = frame.reset_index(drop=True)
    return DataFrame(
        {column.name: _typed(suite, column, rows) for column in suite.columns_in(names)},
        index=rows.index,
    )


def _refuse_absent(suite: Suite, names: Sequence[Hashable]) -> None:
    absent = [c.name for c in suite.columns if c.presence != "optional" and c.name not in names]
    if absent:
        quoted = ", ".join(f"'{name}'" for name in absent)
        noun, verb, them = (
            ("column", "is", "it") if len(absent) == 1 else ("columns", "are", "them")
        )
        # The rows' numbers are ours, not the table's.
        there = ", ".join(str(name) for name in names if name != "row") or "no columns"
        raise HandoffRefused(
            f"{suite.handoff}: {noun} {quoted} {verb} missing; the table has: {there}; add {them}",
            suite.handoff,
        )


def _refuse_repeated(suite: Suite, names: Sequence[Hashable]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise HandoffRefused(
                f"{suite.handoff}: column '{name}' occurs {times} times; keep one", suite.handoff
            )


def _typed(suite: Suite, column: Column, frame: DataFrame) -> Series:
    values = frame[column.name]
    typed = _CONVERSIONS[column.kind](values)
    if typed is None:
        raise HandoffRefused(
            f"{suite.handoff}: column '{column.name}' must hold {KIND_WORDS[column.kind]} "
            f"and holds {_holding(values)}; convert it",
            suite.handoff,
        )
    return typed


def _holding(values: Series) -> str:
    examples = values.dropna()
    return f"{values.dtype} such as {examples.iloc[0]!r}" if len(examples) else str(values.dtype)


def _text(values: Series) -> Series | None:
    present = values.dropna()
    if all(isinstance(value, str) for value in present):
        return values.astype(object).astype("str")
    return None


def _number(values: Series) -> Series | None:
    if types.is_bool_dtype(values) or types.is_complex_dtype(values):
        return None
    if types.is_numeric_dtype(values):
        floats = values.to_numpy(dtype="float64", na_value=np.nan)
        return Series(floats, index=values.index)
    present = values.dropna()
    if not all(isinstance(v, Real | Decimal) and not isinstance(v, bool) for v in present):
        return None
    return present.map(float).astype("float64").reindex(values.index)


def _time(values: Series) -> Series | None:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values
    present = values.dropna()
    if all(isinstance(value, datetime) and value.tzinfo is not None for value in present):
        return pd.to_datetime(values, utc=True)
    return None


_CONVERSIONS: dict[Kind, Callable[[Series], Series | None]] = {
    "text": _text,
    "number": _number,
    "integer": _number,
    "time": _time,
}
