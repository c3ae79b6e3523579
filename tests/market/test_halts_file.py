"""halts.csv: when a symbol did not trade."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from orderworks.market.halts import read_halts
from orderworks.model.errors import MarketDataError

TEN, ELEVEN = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (15, 16))


def written(directory: Path, *rows: str) -> Path:
    path = directory / "halts.csv"
    path.write_text("\n".join(["symbol,start,end", *rows]) + "\n")
    return path


def test_halts_are_read_by_symbol(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "A,2026-11-20T16:00:00Z,",
        "A,2026-11-20T10:00:00-05:00,2026-11-20T15:30:00Z",
        "B,2026-11-20T15:00:00Z,2026-11-20T16:00:00Z",
    )
    assert read_halts(path) == {
        "A": [
            (TEN, TEN.replace(minute=30)),
            (ELEVEN, ELEVEN.replace(hour=23, minute=59, second=59, microsecond=999_999)),
        ],
        "B": [(TEN, ELEVEN)],
    }


def test_without_the_file_there_is_no_halt(tmp_path: Path) -> None:
    assert read_halts(tmp_path / "halts.csv") == {}


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",2026-11-20T15:00:00Z,", "symbol is missing"),
        ("A,2026-11-20T15:00:00,", "has no time zone"),
        ("A,2026-11-20T15:00:00Z,2026-11-20T14:00:00Z", "must come after start"),
        ("A,noon,", "Invalid isoformat string"),
    ],
)
def test_a_row_that_cannot_be_is_named(tmp_path: Path, row: str, fault: str) -> None:
    with pytest.raises(MarketDataError, match=rf"halts\.csv row 1: .*{fault}"):
        read_halts(written(tmp_path, row))
