"""Rows of many symbols, held so that 'the last one known at' is one binary search for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orderworks.market.tape import microseconds

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SymbolSeries:
    """Rows ordered by symbol, then time, then as they came.

    Attributes:
        symbols: the distinct symbols, sorted; symbol i owns rows offsets[i]:offsets[i + 1].
        offsets: one more than there are symbols.
        ts: microseconds since the epoch, one a row.
        first: the earliest ts of all.
        span: more than the latest ts is after ``first``.
        key: symbol number * span + time since ``first`` + 1: ascending, one a row.
        values: the other columns, one entry a row.
    """

    symbols: pd.Index[str]
    offsets: Integers
    ts: Integers
    first: int
    span: int
    key: Integers
    values: Mapping[str, NDArray[Any]]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, columns: Sequence[str]) -> SymbolSeries:
        """Sorts ``frame`` (ts UTC in microseconds, symbol) and keeps ``columns`` of it."""
        import numpy as np
        import pandas as pd

        codes, symbols = pd.factorize(frame["symbol"], sort=True)
        ts = frame["ts"].to_numpy("datetime64[us]").astype(np.int64)
        order = np.lexsort((ts, codes))
        codes, ts = codes[order].astype(np.int64), ts[order]
        first = int(ts.min()) if len(ts) else 0
        span = int(ts.max()) - first + 2 if len(ts) else 1
        return cls(
            symbols=pd.Index(symbols),
            offsets=np.searchsorted(codes, np.arange(len(symbols) + 1)),
            ts=ts,
            first=first,
            span=span,
            key=codes * span + (ts - first + 1),
            values={column: frame[column].to_numpy()[order] for column in columns},
        )

    def last_known(self, at: datetime, symbols: Sequence[str]) -> Integers:
        """The row of each symbol's last entry with ts <= ``at``; -1 where there is none."""
        import numpy as np
        import pandas as pd

        if not len(self.ts):
            return np.full(len(symbols), -1)
        codes = self.symbols.get_indexer(pd.Index(list(symbols), dtype="str"))
        # Kept within the span, the search for one symbol cannot reach the rows of the next.
        offset = min(max(microseconds(at) - self.first + 1, 0), self.span - 1)
        rows = np.searchsorted(self.key, codes * self.span + offset, side="right") - 1
        known = (codes >= 0) & (rows >= self.offsets[codes])
        return np.where(known, rows, -1)

    def rows(self, symbol: str) -> slice:
        """All rows of ``symbol``; an empty slice where it has none."""
        if symbol not in self.symbols:
            return slice(0, 0)
        code = self.symbols.searchsorted(symbol)
        return slice(int(self.offsets[code]), int(self.offsets[code + 1]))

    def between(self, symbol: str, start: datetime, end: datetime) -> slice:
        """The rows of ``symbol`` with start < ts <= end."""
        import numpy as np

        rows = self.rows(symbol)
        bounds = [microseconds(start), microseconds(end)]
        first, last = np.searchsorted(self.ts[rows], bounds, side="right").tolist()
        return slice(rows.start + first, rows.start + max(first, last))
