"""The exchange's durable record: one transaction for everything that one call changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import DictRow, class_row, dict_row

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.action_record import read_actions, write_actions
from orderworks.market.calendar import NEW_YORK, Session, require_session
from orderworks.model.corporate_action import AppliedAction
from orderworks.model.errors import BrokerError
from orderworks.model.fill import Fill
from orderworks.model.order import Side

_ACCOUNT_IN_USE = 0x0DE5_0002
_LOCK_WAIT_MS = 1_000
"""The server frees what a process held only some moments after that has ended."""


_ORDER_COLUMNS = (
    "number, client_order_id, symbol, side, quantity, order_type, limit_price, tif, received_at, "
    "volume_at_arrival, month_shares, state, reason, filled_quantity, filled_value, executions, changed_at"
)
_SELECT_ORDERS = "SELECT " + _ORDER_COLUMNS + " FROM exchange.orders WHERE account = %s "
_SELECT_FILLS = (
    "SELECT exec_id, client_order_id, symbol, side, quantity, price, commission, ts "
    "FROM exchange.fills WHERE account = %s "
)


class ExchangeRecord:
    """The record of one account, open in one process at a time."""

    def __init__(self, url: str, account: str) -> None:
        self.account = account
        self._connection: psycopg.Connection[DictRow] = psycopg.connect(
            url,
            autocommit=True,
            row_factory=dict_row,
            options=f"-c timezone=UTC -c lock_timeout={_LOCK_WAIT_MS}",
        )
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        try:
            self._connection.execute(
                "SELECT pg_advisory_lock(%s, hashtext(%s))", (_ACCOUNT_IN_USE, self.account)
            )
        except psycopg.errors.LockNotAvailable:
            raise BrokerError(
                f"the simulated exchange is serving account {self.account} to another process; "
                "wait until that run has ended"
            ) from None
        create_schema(self._connection)

    def close(self) -> None:
        self._connection.close()

    def load_account(self, opening: ExchangeAccount) -> ExchangeAccount:
        """The account as it stands; the first time, ``opening`` as it is."""
        with self._connection.transaction():
            opened = self._connection.execute(
                "INSERT INTO exchange.accounts (account, reached, cash, orders) "
                "VALUES (%s, %s, %s, 0) ON CONFLICT DO NOTHING RETURNING 1",
                (opening.account, opening.reached, opening.cash),
            ).fetchone()
            for symbol, (quantity, cost) in opening.positions.items() if opened else ():
                self._connection.execute(
                    "INSERT INTO exchange.positions (account, symbol, quantity, cost) "
                    "VALUES (%s, %s, %s, %s)",
                    (opening.account, symbol, quantity, cost),
                )
        row = self._connection.execute(
            "SELECT account, reached, cash, orders FROM exchange.accounts WHERE account = %s",
            (self.account,),
        ).fetchone()
        if row is None:
            raise BrokerError(f"the exchange's record of account {self.account} is gone")
        positions = {
            held["symbol"]: (held["quantity"], held["cost"])
            for held in self._connection.execute(
                "SELECT symbol, quantity, cost FROM exchange.positions WHERE account = %s",
                (self.account,),
            )
        }
        return ExchangeAccount(**row, positions=positions)

    def live_orders(self) -> list[ExchangeOrder]:
        """The orders that rest, in the order in which they came."""
        return self._orders("AND state IN ('SUBMITTED', 'PARTIALLY_FILLED') ORDER BY number")

    def orders_since(self, since: datetime) -> list[ExchangeOrder]:
        """The orders that were received or changed since a moment, or rest."""
        return self._orders(
            "AND (changed_at >= %s OR state IN ('SUBMITTED', 'PARTIALLY_FILLED')) ORDER BY number",
            since,
        )

    def shown_since(self, session: Session) -> datetime:
        """How far a snapshot reaches back: to the open of the last session that moved an order.

        What happened at the end of it may not have been seen, and must not look as if it had not.
        """
        row = self._connection.execute(
            "SELECT max(changed_at) AS last FROM exchange.orders "
            "WHERE account = %s AND changed_at < %s",
            (self.account, session.open),
        ).fetchone()
        if row is None or row["last"] is None:
            return session.open
        return require_session(row["last"].astimezone(NEW_YORK).date()).open

    def orders_named(self, client_order_id: str) -> list[ExchangeOrder]:
        """Every order that was received under a name."""
        return self._orders("AND client_order_id = %s ORDER BY number", client_order_id)

    def fills_since(self, since: datetime) -> list[Fill]:
        """The executions from a moment on, in order."""
        return [
            Fill(**{**row, "side": Side(row["side"])})
            for row in self._connection.execute(
                _SELECT_FILLS + "AND ts >= %s ORDER BY ts, exec_id", (self.account, since)
            )
        ]

    def corporate_actions(self) -> list[AppliedAction]:
        """Every corporate action that was applied to the account, in order."""
        return read_actions(self._connection, self.account)

    def shares_since(self, since: datetime) -> int:
        """How many shares the account has traded from a moment on."""
        row = self._connection.execute(
            "SELECT coalesce(sum(quantity), 0)::bigint AS shares FROM exchange.fills "
            "WHERE account = %s AND ts >= %s",
            (self.account, since),
        ).fetchone()
        return 0 if row is None else int(row["shares"])

    def save(
        self,
        account: ExchangeAccount,
        received: Sequence[ExchangeOrder] = (),
        changed: Sequence[ExchangeOrder] = (),
        fills: Sequence[tuple[int, Fill]] = (),
        actions: Sequence[AppliedAction] = (),
    ) -> None:
        """Commits one step of the exchange: what came in, what changed, what traded, how far it is.

        Where that fails the record is closed: what the caller has in memory is then ahead of it,
        and nothing must be built on that.

        Args:
            received: orders that the record does not have yet.
            changed: orders that it has, as they stand now.
            fills: executions with the number of their order.
            actions: corporate actions that were applied.
        """
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                self._write(cursor, account, received, changed, fills)
                if actions:
                    write_actions(cursor, account, actions)
        except BaseException:
            self._connection.close()
            raise

    def _write(
        self,
        cursor: psycopg.Cursor[DictRow],
        account: ExchangeAccount,
        received: Sequence[ExchangeOrder],
        changed: Sequence[ExchangeOrder],
        fills: Sequence[tuple[int, Fill]],
    ) -> None:
        if received:
            with cursor.copy(
                "COPY exchange.orders (account, " + _ORDER_COLUMNS + ") FROM STDIN"
            ) as copy:
                for order in received:
                    copy.write_row((self.account, *_order_row(order)))
        if changed:
            cursor.execute(
                "UPDATE exchange.orders o SET quantity = c.quantity, limit_price = c.limit_price, "
                "volume_at_arrival = c.volume, state = c.state, reason = c.reason, "
                "filled_quantity = c.filled, filled_value = c.value, "
                "executions = c.executions, changed_at = c.at "
                "FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::bigint[], %s::text[], "
                "%s::text[], %s::bigint[], %s::numeric[], %s::int[], %s::timestamptz[]) "
                "AS c (number, quantity, limit_price, volume, state, reason, filled, value, executions, at) "
                "WHERE o.account = %s AND o.number = c.number",
                (*_changed_columns(changed), self.account),
            )
        if fills:
            self._write_fills(cursor, account, fills)
        cursor.execute(
            "UPDATE exchange.accounts SET reached = %s, cash = %s, orders = %s WHERE account = %s",
            (account.reached, account.cash, account.orders, self.account),
        )

    def _write_fills(
        self,
        cursor: psycopg.Cursor[DictRow],
        account: ExchangeAccount,
        fills: Sequence[tuple[int, Fill]],
    ) -> None:
        with cursor.copy(
            "COPY exchange.fills (account, number, exec_id, client_order_id, symbol, side, "
            "quantity, price, commission, ts) FROM STDIN"
        ) as copy:
            for number, fill in fills:
                copy.write_row((self.account, number, *_fill_row(fill)))
        moved = sorted({fill.symbol for _, fill in fills})
        held = [account.positions[symbol] for symbol in moved]
        cursor.execute(
            "INSERT INTO exchange.positions (account, symbol, quantity, cost) "
            "SELECT %s, * FROM unnest(%s::text[], %s::bigint[], %s::numeric[]) "
            "ON CONFLICT (account, symbol) DO UPDATE "
            "SET quantity = excluded.quantity, cost = excluded.cost",
            (self.account, moved, [shares for shares, _ in held], [cost for _, cost in held]),
        )

    def _orders(self, condition: str, *parameters: object) -> list[ExchangeOrder]:
        with self._connection.cursor(row_factory=class_row(ExchangeOrder)) as cursor:
            query = (_SELECT_ORDERS + condition).encode()
            return cursor.execute(query, (self.account, *parameters)).fetchall()


def create_schema(connection: psycopg.Connection[Any]) -> None:
    """Makes the exchange's tables where they are missing."""
    found = connection.execute(
        "SELECT to_regclass('exchange.fills') IS NOT NULL AS found"
    ).fetchone()
    if found is None or not found["found"]:
        connection.execute(Path(__file__).with_name("record.sql").read_bytes())


def reached_by(url: str, account: str) -> datetime | None:
    """The market time that the exchange has gone through for an account; None for a new one."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        create_schema(connection)
        row = connection.execute(
            "SELECT reached FROM exchange.accounts WHERE account = %s", (account,)
        ).fetchone()
    return None if row is None else row["reached"]


def _order_row(order: ExchangeOrder) -> Iterable[object]:
    return (
        order.number,
        order.client_order_id,
        order.symbol,
        order.side.value,
        order.quantity,
        order.order_type,
        order.limit_price,
        order.tif,
        order.received_at,
        order.volume_at_arrival,
        order.month_shares,
        order.state.value,
        order.reason,
        order.filled_quantity,
        order.filled_value,
        order.executions,
        order.changed_at,
    )


def _fill_row(fill: Fill) -> Iterable[object]:
    return (
        fill.exec_id,
        fill.client_order_id,
        fill.symbol,
        fill.side.value,
        fill.quantity,
        fill.price,
        fill.commission,
        fill.ts,
    )


def _changed_columns(changed: Sequence[ExchangeOrder]) -> tuple[list[object], ...]:
    return (
        [order.number for order in changed],
        [order.quantity for order in changed],
        [order.limit_price for order in changed],
        [order.volume_at_arrival for order in changed],
        [order.state.value for order in changed],
        [order.reason for order in changed],
        [order.filled_quantity for order in changed],
        [order.filled_value for order in changed],
        [order.executions for order in changed],
        [order.changed_at for order in changed],
    )
