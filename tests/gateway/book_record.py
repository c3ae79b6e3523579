"""The book in PostgreSQL, beside the exchange's record: it outlives the gateway."""

import psycopg
from psycopg.types.json import Jsonb

from .book import Book, BookedExecution, BookedOrder

_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS gateway;
CREATE TABLE IF NOT EXISTS gateway.orders (
    account text, perm_id bigint, document jsonb NOT NULL, PRIMARY KEY (account, perm_id));
CREATE TABLE IF NOT EXISTS gateway.clients (
    account text, client_id integer, next_id integer NOT NULL, PRIMARY KEY (account, client_id));
CREATE TABLE IF NOT EXISTS gateway.corrections (
    account text, exec_id text, shares integer NOT NULL, price numeric NOT NULL,
    PRIMARY KEY (account, exec_id));
"""


class BookRecord:
    """The record of one account's book."""

    def __init__(self, url: str, account: str) -> None:
        self._account = account
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute(_SCHEMA.encode())

    def load(self) -> Book:
        """The book without its executions, which the exchange's record has."""
        orders = self._connection.execute(
            "SELECT document FROM gateway.orders WHERE account = %s ORDER BY perm_id",
            (self._account,),
        )
        book = Book({(one := BookedOrder.from_document(row[0])).perm_id: one for row in orders})
        book.next_ids = dict(
            self._connection.execute(
                "SELECT client_id, next_id FROM gateway.clients WHERE account = %s",
                (self._account,),
            ).fetchall()
        )
        return book

    def save(self, book: Book, *orders: BookedOrder) -> None:
        """Keeps orders that have left the gateway, and the next ids of the clients of all."""
        with self._connection.transaction():
            for order in (one for one in orders if one.transmitted):
                self._connection.execute(
                    "INSERT INTO gateway.orders VALUES (%s, %s, %s) "
                    "ON CONFLICT (account, perm_id) DO UPDATE SET document = EXCLUDED.document",
                    (self._account, order.perm_id, Jsonb(order.as_document())),
                )
            for client_id in {one.client_id for one in orders}:
                self._connection.execute(
                    "INSERT INTO gateway.clients VALUES (%s, %s, %s) "
                    "ON CONFLICT (account, client_id) DO UPDATE SET next_id = EXCLUDED.next_id",
                    (self._account, client_id, book.next_id(client_id)),
                )

    def correct(self, execution: BookedExecution) -> None:
        """Keeps a correction of an execution."""
        self._connection.execute(
            "INSERT INTO gateway.corrections VALUES (%s, %s, %s, %s)",
            (self._account, execution.exec_id, execution.shares, execution.price),
        )

    def corrections(self) -> list[tuple[str, int, str]]:
        """Every correction: execId, shares and price as text, in order."""
        rows = self._connection.execute(
            "SELECT exec_id, shares, price::text FROM gateway.corrections WHERE account = %s "
            "ORDER BY exec_id",
            (self._account,),
        )
        return [(str(exec_id), int(shares), str(price)) for exec_id, shares, price in rows]

    def close(self) -> None:
        self._connection.close()
