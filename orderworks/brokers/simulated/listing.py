"""The simulated exchange's own record, to be read: what really reached it and what it did.

Read without the lock that serving an account takes, so that it can be asked at any time.
"""

from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from orderworks.model.listing import Listing

_ORDERS = """
SELECT number, client_order_id, symbol, side, quantity, filled_quantity,
       trim_scale(filled_value / nullif(filled_quantity, 0)) AS avg_fill_price,
       state, order_type, limit_price, stop_price, tif, received_at, changed_at, reason
FROM exchange.orders WHERE account = %s ORDER BY number
"""
_FILLS = """
SELECT exec_id, client_order_id, symbol, side, quantity, price, ts, commission
FROM exchange.fills WHERE account = %s ORDER BY ts, exec_id
"""


def exchange_accounts(connection: Connection[Any]) -> list[str]:
    """Every account that the exchange has ever served, by name."""
    rows = _ask(connection, "SELECT account FROM exchange.accounts ORDER BY account").rows
    return [account for (account,) in rows]


def exchange_orders(connection: Connection[Any], account: str) -> Listing:
    """Every order that was received, in that order; one that came twice is there twice."""
    return _ask(connection, _ORDERS, account)


def exchange_fills(connection: Connection[Any], account: str) -> Listing:
    """Every execution, in the order of its time."""
    return _ask(connection, _FILLS, account)


def _ask(connection: Connection[Any], query: str, *parameters: object) -> Listing:
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(query.encode(), parameters).fetchall()
        return Listing(tuple(column.name for column in cursor.description or ()), rows)
