"""Small optional text files of a market directory, read row by row."""

import csv
from collections.abc import Iterator
from pathlib import Path

from orderworks.model.errors import MarketDataError


def read_rows(
    path: Path, columns: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file, cells stripped, each with its number from 1; no file: no rows.

    An optional column that the file lacks is empty in every row.

    Raises:
        MarketDataError: if the file cannot be read or lacks one of ``columns``.
    """
    if not path.is_file():
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise MarketDataError(
                    f"{path} has no column '{missing[0]}'; its columns must be {', '.join(columns)}"
                )
            for row, cells in enumerate(reader, start=1):
                yield row, {name: (cells.get(name) or "").strip() for name in columns + optional}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MarketDataError(f"{path} cannot be read: {error}") from None
