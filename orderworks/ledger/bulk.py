"""Bulk writes: one COPY for a batch of rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from psycopg import Copy, sql

from orderworks.ledger.connection import Ledger
from orderworks.row_text import BLOCK, send_rows

Columns = Mapping[str, Sequence[Any]]
"""Rows by column: every column of one length. A column that is left out takes its default."""


def copy_columns(ledger: Ledger, table: str, columns: Columns) -> None:
    """Appends rows to ``table`` in one COPY; triggers and constraints see them as one batch."""
    with _copying(ledger, table, columns) as copy:
        send_rows(copy, list(columns.values()))


def copy_rows(
    ledger: Ledger, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """The same from one sequence a row."""
    left = iter(rows)
    with _copying(ledger, table, columns) as copy:
        while block := list(islice(left, BLOCK)):
            send_rows(copy, list(zip(*block, strict=True)))


@contextmanager
def _copying(ledger: Ledger, table: str, columns: Iterable[str]) -> Iterator[Copy]:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier("ledger", table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with ledger.cursor() as cursor, cursor.copy(statement) as copy:
        yield copy
