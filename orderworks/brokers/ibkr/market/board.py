"""What was quoted while we listened: one row a second and symbol, the last of it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from orderworks.market.tape import microseconds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SECOND = 1_000_000
"""Microseconds."""


class Sides(NamedTuple):
    """A bid and an ask with their sizes: dollars and shares; 0 for a side that is absent."""

    bid: float
    ask: float
    bid_size: float
    ask_size: float


@dataclass(slots=True)
class _Rows:
    ts: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    heard: int = 0


class Board:
    """The quotes of each symbol, in the order of time."""

    def __init__(self) -> None:
        self._rows: dict[str, _Rows] = {}

    def hear(self, symbol: str, sides: Sides, at: datetime) -> None:
        """A tick came: the quote of ``symbol`` is, or still is, this one. ``at`` never goes back."""
        ts, rows = microseconds(at), self._rows.setdefault(symbol, _Rows())
        rows.heard = max(rows.heard, ts)
        if rows.ts and tuple(rows.values[-4:]) == sides:
            return
        if rows.ts and rows.ts[-1] // SECOND == ts // SECOND:
            rows.ts[-1], rows.values[-4:] = ts, array("d", sides)
            return
        rows.ts.append(ts)
        rows.values.extend(sides)

    def last(self, symbol: str) -> tuple[int, Sides] | None:
        """The quote that stands, with the microsecond at which a tick last said so; None before any."""
        rows = self._rows.get(symbol)
        if rows is None:
            return None
        return rows.heard, Sides(*rows.values[-4:])

    def forget(self, symbol: str) -> None:
        """Nothing of the symbol may be priced from any more."""
        self._rows.pop(symbol, None)

    def rows(self, symbol: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Microseconds, ascending, and for each of them bid, ask, bid size, ask size."""
        import numpy as np

        rows = self._rows.get(symbol, _Rows())
        return np.array(rows.ts, dtype=np.int64), np.array(rows.values).reshape(-1, 4)
