"""``DATE/halts.csv`` of a market directory: when a symbol did not trade.

Its columns are symbol, start and end, times ISO 8601 in UTC; an empty end lasts to the day's.
"""

from datetime import UTC, datetime
from pathlib import Path

from orderworks.market.rows import read_rows
from orderworks.model.errors import MarketDataError

HALTS = "halts.csv"
COLUMNS = ("symbol", "start", "end")

Halt = tuple[datetime, datetime]
"""From when and until when."""


def read_halts(path: Path) -> dict[str, list[Halt]]:
    """The halts of each symbol, in order. No file: none.

    Raises:
        MarketDataError: naming the file and the row that cannot be used.
    """
    halts: dict[str, list[Halt]] = {}
    for row, cells in read_rows(path, COLUMNS):
        try:
            halts.setdefault(cells["symbol"], []).append(_halt(cells))
        except ValueError as error:
            raise MarketDataError(f"{path} row {row}: {error}; correct the file") from None
    return {symbol: sorted(rows) for symbol, rows in halts.items()}


def _halt(cells: dict[str, str]) -> Halt:
    if not cells["symbol"]:
        raise ValueError("symbol is missing")
    start = _time("start", cells["start"])
    last = start.replace(hour=23, minute=59, second=59, microsecond=999_999)
    end = _time("end", cells["end"]) if cells["end"] else last
    if not start < end:
        raise ValueError(f"end {cells['end']} must come after start {cells['start']}")
    return start, end


def _time(name: str, text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.utcoffset() is None:
        raise ValueError(f"{name} {text} has no time zone; write it as 2026-11-20T15:00:00Z")
    return at.astimezone(UTC)
