"""Bulk writes: one COPY for a batch of rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from types import NoneType
from typing import Any

from psycopg import Copy, sql

from orderworks.ledger.connection import Ledger

BLOCK = 2_000
"""Rows a message: the server stores one while the next is written."""

_NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


Columns = Mapping[str, Sequence[Any]]
"""Rows by column: every column of one length. A column that is left out takes its default."""


def copy_columns(ledger: Ledger, table: str, columns: Columns) -> None:
    """Appends rows to ``table`` in one COPY; triggers and constraints see them as one batch.

    Values are None, text, or what ``str`` spells as PostgreSQL does: numbers, times, booleans.
    """
    with _copying(ledger, table, columns) as copy:
        _write(copy, list(columns.values()))


def copy_rows(
    ledger: Ledger, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """The same from one sequence a row."""
    left = iter(rows)
    with _copying(ledger, table, columns) as copy:
        while block := list(islice(left, BLOCK)):
            _write(copy, list(zip(*block, strict=True)))


@contextmanager
def _copying(ledger: Ledger, table: str, columns: Iterable[str]) -> Iterator[Copy]:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier("ledger", table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with ledger.cursor() as cursor, cursor.copy(statement) as copy:
        yield copy


def _write(copy: Copy, columns: Sequence[Sequence[Any]]) -> None:
    # A column at a time: to adapt each value by itself costs as much as to store it.
    texts = [_column_text(values) for values in columns]
    lines = map("\t".join, zip(*texts, strict=True))
    while block := list(islice(lines, BLOCK)):
        copy.write("\n".join(block) + "\n")


def _column_text(values: Sequence[Any]) -> Sequence[str]:
    """The values of one column in COPY's text format."""
    kinds = set(map(type, values))
    if NoneType in kinds:
        known = iter(_column_text([value for value in values if value is not None]))
        return [_NULL if value is None else next(known) for value in values]
    if all(issubclass(kind, str) for kind in kinds):
        special = any(map("".join(values).__contains__, "\\\t\n\r"))
        return [value.translate(_ESCAPES) for value in values] if special else values
    if all(issubclass(kind, datetime) for kind in kinds):
        spelled = {moment: str(moment) for moment in set(values)}
        return [spelled[moment] for moment in values]
    return _column_text(list(map(str, values)))
