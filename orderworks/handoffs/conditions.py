"""Which rows a rule is about, where it is not about all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame, Series


@dataclass(frozen=True, slots=True)
class Is:
    """The column is this value."""

    column: str
    value: str

    def of(self, frame: DataFrame) -> Series[bool]:
        # It may be an enum's, which not every kind of column compares as text.
        return frame[self.column] == str(self.value)


@dataclass(frozen=True, slots=True)
class HasValue:
    """There is a value in the column."""

    column: str

    def of(self, frame: DataFrame) -> Series[bool]:
        return frame[self.column].notna()


@dataclass(frozen=True, slots=True)
class HasNone:
    """There is no value in the column."""

    column: str

    def of(self, frame: DataFrame) -> Series[bool]:
        return frame[self.column].isna()


Condition = Is | HasValue | HasNone


def rows_where(conditions: tuple[Condition, ...], frame: DataFrame) -> DataFrame:
    """The rows for which all of the conditions hold."""
    for condition in conditions:
        frame = frame[condition.of(frame)]
    return frame
