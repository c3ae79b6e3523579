"""A listing: the answer to one question, as rows of exact values."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of ``columns``, in order.

    Prices and money are Decimal, quantities int, measures float, times aware datetimes, and what
    is not known is None. A value may also be a list or a dict of such values.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def values(self, column: str) -> list[Any]:
        """One column, from top to bottom."""
        place = self.columns.index(column)
        return [row[place] for row in self.rows]

    def where(self, column: str, value: object) -> "Listing":
        """The rows that have ``value`` in ``column``."""
        place = self.columns.index(column)
        return Listing(self.columns, [row for row in self.rows if row[place] == value])
