"""``borrow.csv`` of a market directory: how many shares can be borrowed to be sold short.

Its columns are symbol and shares, and with ``date`` the day from which a row holds. A row without a
date holds from the beginning. 0 shares: the symbol is hard to borrow, and none are to be had. A
symbol that the file does not name can be borrowed without limit, as all can where there is no file.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orderworks.market.files import BEYOND_SHARES
from orderworks.market.rows import read_rows
from orderworks.model.errors import MarketDataError

BORROW = "borrow.csv"
COLUMNS = ("symbol", "shares")
OPTIONAL_COLUMNS = ("date",)


@dataclass(frozen=True, slots=True)
class Lendable:
    """So many shares of a symbol can be borrowed from a date on."""

    since: date
    symbol: str
    shares: int


def read_borrow(path: Path) -> list[Lendable]:
    """Every row of the file, by date. No file: none.

    Raises:
        MarketDataError: naming the file and the row that cannot be used.
    """
    rows = []
    for row, cells in read_rows(path, COLUMNS, OPTIONAL_COLUMNS):
        try:
            rows.append(_lendable(cells))
        except ValueError as error:
            raise MarketDataError(f"{path} row {row}: {error}; correct the file") from None
    return sorted(rows, key=lambda one: one.since)


def borrowable_on(rows: list[Lendable], day: date) -> dict[str, int]:
    """Shares by symbol, by the latest row of each that holds on a day."""
    return {one.symbol: one.shares for one in rows if one.since <= day}


def _lendable(cells: dict[str, str]) -> Lendable:
    from orderworks.model.exact import to_whole

    if not cells["symbol"]:
        raise ValueError("symbol is missing")
    shares = to_whole(cells["shares"], "shares")
    if shares < 0:
        raise ValueError(f"shares must not be negative, not {shares}")
    if shares >= BEYOND_SHARES:
        raise ValueError(f"shares must be below {BEYOND_SHARES:,}, not {cells['shares']}")
    since = date.fromisoformat(cells["date"]) if cells["date"] else date.min
    return Lendable(since, cells["symbol"], shares)
