"""Market data on disk: the files of a directory, read and checked.

Every function returns a frame of exactly the columns of the format, or raises MarketDataError
naming the file, and the column or row, that cannot be used.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from orderworks.model.errors import MarketDataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

QUOTES = "quotes.parquet"
BARS = "bars.parquet"
DAILY = "daily.csv"

SIDES = ("bid", "ask")
SIDE_SIZES = ("bid_size", "ask_size")
TRADED = ("open", "high", "low", "close")

QUOTE_COLUMNS = ("ts", "symbol", *SIDES, *SIDE_SIZES)
BAR_COLUMNS = ("ts", "symbol", *TRADED, "volume")
DAILY_COLUMNS = ("date", "symbol", *TRADED, "volume")

BEYOND_SHARES = 2**63
"""The first count that int64 does not hold."""

MISSING_TOLD = 5
"""How many missing sessions a message names."""


def sessions_on_disk(directory: Path) -> list[date]:
    """The sessions that a market directory holds, the earliest first.

    Raises:
        MarketDataError: if there is no such directory.
    """
    if not directory.is_dir():
        raise MarketDataError(f"there is no market directory {directory}; pass one with --market")
    return sorted(
        day
        for entry in directory.iterdir()
        if entry.is_dir() and (day := _as_day(entry.name)) is not None
    )


def require_recorded(directory: Path, days: Sequence[date]) -> None:
    """The directory holds what replaying each of these sessions needs.

    Raises:
        MarketDataError: naming what is missing, of all of them.
    """
    held = set(sessions_on_disk(directory))
    missing = []
    for day in days:
        lacks = [name for name in (QUOTES, BARS) if not (directory / str(day) / name).is_file()]
        if lacks:
            missing.append(f"{day} ({' and '.join(lacks)})" if day in held else str(day))
    if not (directory / DAILY).is_file():
        raise MarketDataError(f"there is no {directory / DAILY}; market data needs it")
    if missing:
        told = ", ".join(missing[:MISSING_TOLD])
        more = f" and {len(missing) - MISSING_TOLD} more" if len(missing) > MISSING_TOLD else ""
        raise MarketDataError(
            f"{directory} lacks {len(missing)} of the {len(days)} sessions from {days[0]} to "
            f"{days[-1]}: {told}{more}; record them, or choose other dates"
        )


def read_quotes(path: Path) -> pd.DataFrame:
    """QUOTE_COLUMNS with ts in UTC microseconds; a side that the file leaves out is 0."""
    frame = _read_ticks(path, QUOTE_COLUMNS)
    sides = [*SIDES, *SIDE_SIZES]
    frame[sides] = frame[sides].fillna(0)
    for column in SIDES:
        _require_numbers(frame, column, path)
        _require(frame, column, frame[column].to_numpy() >= 0, "is no price", path)
    return _with_whole_shares(frame, SIDE_SIZES, path)


def read_bars(path: Path) -> pd.DataFrame:
    """BAR_COLUMNS with ts in UTC microseconds."""
    return _with_trades(_read_ticks(path, BAR_COLUMNS), path)


def read_daily(path: Path) -> pd.DataFrame:
    """DAILY_COLUMNS, ordered by date and symbol; date is datetime64 without a zone."""
    import pandas as pd

    try:
        # No text is a missing value: NA is a ticker.
        frame = pd.read_csv(path, dtype={"symbol": str, "date": str}, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    frame = _columns(frame, DAILY_COLUMNS, path)
    try:
        frame["date"] = pd.to_datetime(frame["date"], format="%Y-%m-%d")
    except ValueError as error:
        raise MarketDataError(
            f"{path} has a date that is not like 2013-10-07: {str(error).splitlines()[0]}"
        ) from None
    frame = _with_trades(_with_symbols(frame, path), path)
    repeated = frame.duplicated(["date", "symbol"]).to_numpy()
    _require(frame, "symbol", ~repeated, "has a second row for its date", path)
    return frame.sort_values(["date", "symbol"], ignore_index=True)


def _as_day(name: str) -> date | None:
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return None
    return day if name == day.isoformat() else None


def _read_ticks(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    try:
        frame = _columns(pd.read_parquet(path), columns, path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    ts = frame["ts"]
    if not isinstance(ts.dtype, pd.DatetimeTZDtype):
        raise MarketDataError(
            f"{path} column 'ts' holds {ts.dtype}; write timestamps with a time zone, in UTC"
        )
    frame["ts"] = ts.dt.tz_convert("UTC").dt.as_unit("us")
    _require(frame, "ts", ts.notna().to_numpy(), "is no time", path)
    return _with_symbols(frame, path)


def _columns(frame: pd.DataFrame, columns: tuple[str, ...], path: Path) -> pd.DataFrame:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise MarketDataError(
            f"{path} has no column '{missing[0]}'; its columns must be {', '.join(columns)}"
        )
    return frame[list(columns)]


def _with_symbols(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    symbol = frame["symbol"]
    _require(frame, "symbol", (symbol.notna() & (symbol != "")).to_numpy(), "is no symbol", path)
    return frame.astype({"symbol": "str"})


def _with_trades(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    for column in TRADED:
        _require_numbers(frame, column, path)
        _require(frame, column, frame[column].to_numpy() > 0, "is no price above 0", path)
    return _with_whole_shares(frame, ("volume",), path)


def _with_whole_shares(frame: pd.DataFrame, columns: tuple[str, ...], path: Path) -> pd.DataFrame:
    for column in columns:
        _require_numbers(frame, column, path)
        shares = frame[column].to_numpy()
        is_count = (shares >= 0) & (shares < BEYOND_SHARES) & (shares % 1 == 0)
        _require(frame, column, is_count, "is no count of shares", path)
    return frame.astype(dict.fromkeys(columns, "int64"))


def _require_numbers(frame: pd.DataFrame, column: str, path: Path) -> None:
    import numpy as np
    import pandas as pd

    values = frame[column]
    if not pd.api.types.is_numeric_dtype(values):
        raise MarketDataError(f"{path} column '{column}' holds {values.dtype}; write numbers")
    _require(frame, column, np.isfinite(values.to_numpy(float)), "is no number", path)


def _require(
    frame: pd.DataFrame, column: str, sound: NDArray[np.bool_], fault: str, path: Path
) -> None:
    if not sound.all():
        row = int(sound.argmin())
        raise MarketDataError(
            f"{path} row {row + 1}: {column} {frame[column].iloc[row]} {fault}; correct the file"
        )


def _unreadable(path: Path, error: Exception) -> MarketDataError:
    if isinstance(error, MarketDataError):
        return error
    if not path.is_file():
        return MarketDataError(f"there is no {path}; market data needs it")
    return MarketDataError(f"{path} cannot be read: {str(error).splitlines()[0]}")
