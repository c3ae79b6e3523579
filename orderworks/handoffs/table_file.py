"""A table that a user hands in, CSV or Parquet, read as the columns of a suite.

Cells are parsed tolerantly: one that does not parse is left without a value, so that its row is
quarantined by its rule instead of the file being refused. The text that stood there is kept.
"""

import csv
import difflib
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pandas import DataFrame, Series
from pyarrow import ArrowException, parquet  # type: ignore[import-untyped]

from orderworks.handoffs.cells import ZoneMissing, column_of
from orderworks.handoffs.suite import Suite
from orderworks.model.errors import InputError

ROW = "row"
"""The column that says where a row stands: its line in a CSV file, its number in a Parquet one."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file's table, or that of another source in the same form.

    ``frame`` has typed columns and ``row``; ``raw`` has the same rows as the file has them.
    ``sha256`` is of the file's bytes.
    """

    frame: DataFrame
    raw: DataFrame
    sha256: str


@dataclass(frozen=True, slots=True)
class Cells:
    """A table as its source has it: names, columns of cells, and where each row stands.

    ``called`` is what rows are called in errors, where that is not by their numbers.
    """

    names: Sequence[str]
    columns: Sequence[Sequence[object]]
    rows: Sequence[int]
    called: Sequence[str] = ()

    def name_of(self, position: int) -> str:
        return self.called[position] if self.called else f"row {self.rows[position]}"


def read_table(path: Path, suite: Suite) -> TableFile:
    """Read ``path`` as the columns of ``suite``; numbers are float64, times UTC microseconds.

    A column of the suite that the file does not have is left out, for ``check`` to judge.

    Raises:
        InputError: the file cannot be read, is not a table, has a column twice or one that the
            suite does not know, or a time without zone.
    """
    read = _FORMATS.get(path.suffix.lower())
    if read is None:
        raise InputError(f"{path}: the format is not known; give a .csv or a .parquet file")
    data = _bytes(path)
    cells = read(path, data)
    refuse_columns(str(path), cells.names, suite)
    return typed_table(str(path), cells, suite, hashlib.sha256(data).hexdigest())


def typed_table(origin: str, cells: Cells, suite: Suite, sha256: str) -> TableFile:
    """The cells as the columns of ``suite``, of which each name must be one.

    Args:
        origin: what an error calls the source.

    Raises:
        InputError: if a time has no zone.
    """
    kinds = {column.name: column.kind for column in suite.columns}
    frame = DataFrame({ROW: Series(cells.rows, dtype="int64")})
    raw = DataFrame(index=frame.index)
    for name, values in zip(cells.names, cells.columns, strict=True):
        try:
            frame[name] = column_of(kinds[name], values)
        except ZoneMissing as found:
            raise InputError(
                f"{origin}: {cells.name_of(found.position)}: {name} '{values[found.position]}' has "
                "no time zone; write ISO 8601 with one, such as 2026-11-20T14:30:00Z"
            ) from None
        raw[name] = Series(list(values), dtype=object)
    return TableFile(frame, raw, sha256)


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if not data.strip():
        raise InputError(f"{path}: the file is empty; write its table into it")
    return data


def _csv_cells(path: Path, data: bytes) -> Cells:
    try:
        reader = csv.reader(io.StringIO(_text(path, data), newline=""), strict=True)
        names: list[str] = []
        records: list[list[str]] = []
        rows: list[int] = []
        before = 0
        for record in reader:
            line, before = before + 1, reader.line_num
            if not record:
                continue
            if not names:
                names = [name.strip() for name in record]
                continue
            if len(record) != len(names):
                raise InputError(
                    f"{path}: line {line} has {len(record)} values and the header {len(names)}; "
                    "quote values that contain commas"
                )
            records.append(record)
            rows.append(line)
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV table: {error} (line {reader.line_num})") from None
    columns = [[record[number] for record in records] for number in range(len(names))]
    return Cells(names, columns, rows)


def _text(path: Path, data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not UTF-8 text at byte {error.start}; save the file as UTF-8"
        ) from None
    if (nul := data.find(0)) >= 0:
        raise InputError(f"{path}: not text: a NUL at byte {nul}; save the file as UTF-8")
    # A spreadsheet marks its UTF-8 files with a byte order mark.
    return text.removeprefix("\ufeff")


def _parquet_cells(path: Path, data: bytes) -> Cells:
    try:
        table = parquet.ParquetFile(io.BytesIO(data)).read()
    except (ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(
            f"{path}: not a Parquet table, or a damaged one: {reason}; write it again"
        ) from None
    # pandas stores the index of a filtered frame as a column of such a name.
    kept = [n for n, name in enumerate(table.column_names) if not _PANDAS_INDEX.fullmatch(name)]
    return Cells(
        [table.column_names[number] for number in kept],
        [table.column(number).to_pylist() for number in kept],
        list(range(1, table.num_rows + 1)),
    )


_PANDAS_INDEX = re.compile(r"__index_level_\d+__")

_FORMATS: dict[str, Callable[[Path, bytes], Cells]] = {
    ".csv": _csv_cells,
    ".parquet": _parquet_cells,
}


def refuse_columns(origin: str, names: Sequence[str], suite: Suite) -> None:
    """Each name is a column of the suite, and there once.

    Raises:
        InputError: naming those that are not.
    """
    for name, times in Counter(names).items():
        if times > 1:
            raise InputError(f"{origin}: column '{name}' occurs {times} times; keep one")
    known = [column.name for column in suite.columns if column.name != ROW]
    unknown = [name for name in names if name not in known]
    if unknown:
        told = ", ".join(_with_nearest(name, known) for name in unknown)
        noun, verb = ("column", "is") if len(unknown) == 1 else ("columns", "are")
        raise InputError(
            f"{origin}: {noun} {told} {verb} not in the format; "
            f"rename or remove, the format has: {', '.join(known)}"
        )


def _with_nearest(name: str, known: Sequence[str]) -> str:
    nearest = difflib.get_close_matches(name.strip().lower(), known, n=1)
    return f"'{name}' (did you mean '{nearest[0]}'?)" if nearest else f"'{name}'"
