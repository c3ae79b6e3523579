"""Cells of an input file as values: one function for each kind of column.

A cell is text (CSV) or already a value (Parquet). One that is not of the column's kind has no
value: NaN or NaT.
"""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from numbers import Real

from pandas import Series

from orderworks.handoffs.suite import Kind


class ZoneMissing(ValueError):
    """A time without a zone, at ``position`` in its column: there is no telling when that is."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


def column_of(kind: Kind, cells: Sequence[object]) -> Series:
    """The cells as text, float64 (whole numbers too) or UTC times in microseconds.

    Raises:
        ZoneMissing: a time has no zone.
    """
    return _COLUMNS[kind](cells)


def _texts(cells: Sequence[object]) -> Series:
    return Series([_text(cell) for cell in cells], dtype="str")


def _numbers(cells: Sequence[object]) -> Series:
    return Series([_number(cell) for cell in cells], dtype="float64")


def _times(cells: Sequence[object]) -> Series:
    times = [_time(cell) for cell in cells]
    for position, time in enumerate(times):
        if time is not None and time.tzinfo is None:
            raise ZoneMissing(position)
    return Series([_in_utc(time) for time in times], dtype="datetime64[us, UTC]")


_COLUMNS: dict[Kind, Callable[[Sequence[object]], Series]] = {
    "text": _texts,
    "number": _numbers,
    "integer": _numbers,
    "time": _times,
}


def _text(cell: object) -> str | None:
    """Without the spaces around it, which would make two symbols of one."""
    return (cell.strip() or None) if isinstance(cell, str) else None


def _number(cell: object) -> float:
    # Python would read 1_000 as a number; a file that holds it was meant otherwise.
    if isinstance(cell, bool) or (isinstance(cell, str) and "_" in cell):
        return math.nan
    if not isinstance(cell, str | Real | Decimal):
        return math.nan
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return math.nan


def _time(cell: object) -> datetime | None:
    if isinstance(cell, datetime):
        return cell
    if not isinstance(cell, str):
        return None
    try:
        return datetime.fromisoformat(cell.strip())
    except ValueError:
        return None


def _in_utc(time: datetime | None) -> datetime | None:
    if time is None:
        return None
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return None
