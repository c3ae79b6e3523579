"""Orders as rows of the exchange's record: received once, then changed where they move."""

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

import psycopg
from psycopg.rows import args_row

from orderworks.brokers.simulated.account import ExchangeOrder
from orderworks.model.order import SIDES
from orderworks.model.state import STATES
from orderworks.row_text import array, said, send_rows

_COLUMNS = tuple(field.name for field in fields(ExchangeOrder))
_values = attrgetter(*_COLUMNS)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM exchange.orders WHERE account = %s "

PROGRESS = {
    "state": "text",
    "reason": "text",
    "filled_quantity": "bigint",
    "filled_value": "numeric",
    "executions": "int",
    "changed_at": "timestamptz",
}
"""What an execution or an end changes, and its type."""
PLACE = {
    "quantity": "bigint",
    "limit_price": "numeric",
    "trail_amount": "numeric",
    "volume_at_arrival": "bigint",
    "stop_price": "numeric",
    "arrived_at": "timestamptz",
    "triggered": "boolean",
    "watermark": "numeric",
    "queue_ahead": "bigint",
}
"""What changes where an order comes to another place in its book, or a split moves it; its type."""


def read_orders(
    connection: psycopg.Connection[Any], account: str, condition: str, *parameters: object
) -> list[ExchangeOrder]:
    """The orders of an account that a condition holds for."""
    with connection.cursor(row_factory=args_row(_order)) as cursor:
        query = (_SELECT + condition).encode()
        return cursor.execute(query, (account, *parameters)).fetchall()


def insert_orders(
    cursor: psycopg.Cursor[Any], account: str, orders: Sequence[ExchangeOrder]
) -> None:
    """Writes orders that the record does not have yet."""
    columns = dict(zip(_COLUMNS, zip(*map(_values, orders), strict=True), strict=True))
    written = said({"account": [account] * len(orders), **columns})
    with cursor.copy(f"COPY exchange.orders ({', '.join(written)}) FROM STDIN".encode()) as copy:
        send_rows(copy, list(written.values()))


def update_orders(
    cursor: psycopg.Cursor[Any],
    account: str,
    orders: Sequence[ExchangeOrder],
    columns: dict[str, str],
) -> None:
    """Writes what has changed of orders that the record has: their progress, or their place."""
    names = ", ".join(columns)
    query = (
        f"UPDATE exchange.orders o SET {', '.join(f'{name} = c.{name}' for name in columns)} "
        f"FROM unnest(%s::bigint[], {', '.join(f'%s::{kind}[]' for kind in columns.values())}) "
        f"AS c (number, {names}) WHERE o.account = %s AND o.number = c.number"
    )
    written = zip(*map(attrgetter("number", *columns), orders), strict=True)
    cursor.execute(query.encode(), (*map(array, written), account))


def _order(*columns: Any) -> ExchangeOrder:
    order = ExchangeOrder(*columns)
    order.side, order.state = SIDES[order.side], STATES[order.state]
    return order
