"""Executions as rows of the exchange's record: written once, never changed."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import psycopg
from psycopg.rows import args_row

from orderworks.model.fill import Fill
from orderworks.model.order import SIDES
from orderworks.row_text import send_rows

_COLUMNS = (
    "exec_id", "client_order_id", "symbol", "side", "quantity", "price", "commission", "ts",
)  # fmt: skip
_values = attrgetter(*_COLUMNS)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM exchange.fills WHERE account = %s "
_COPY = f"COPY exchange.fills (account, number, {', '.join(_COLUMNS)}) FROM STDIN".encode()


def read_fills(
    connection: psycopg.Connection[Any], account: str, condition: str, *parameters: object
) -> list[Fill]:
    """The executions of an account that a condition holds for."""
    with connection.cursor(row_factory=args_row(_fill)) as cursor:
        query = (_SELECT + condition).encode()
        return cursor.execute(query, (account, *parameters)).fetchall()


def insert_fills(
    cursor: psycopg.Cursor[Any], account: str, fills: Sequence[tuple[int, Fill]]
) -> None:
    """Writes executions, each with the number of its order."""
    numbers, written = zip(*fills, strict=True)
    columns = zip(*map(_values, written), strict=True)
    with cursor.copy(_COPY) as copy:
        send_rows(copy, [[account] * len(fills), numbers, *columns])


def _fill(*columns: Any) -> Fill:
    exec_id, client_order_id, symbol, side, *rest = columns
    return Fill(exec_id, client_order_id, symbol, SIDES[side], *rest)
