"""The exchange's durable record: one transaction for everything that one call changed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import psycopg
from psycopg.rows import DictRow, dict_row

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder, Laggards
from orderworks.brokers.simulated.action_record import read_actions, write_actions
from orderworks.brokers.simulated.fill_rows import insert_fills, read_fills
from orderworks.brokers.simulated.order_rows import (
    PLACE,
    PROGRESS,
    insert_orders,
    read_orders,
    update_orders,
)
from orderworks.brokers.simulated.outbox import OnItsWay
from orderworks.brokers.simulated.record_schema import create_schema
from orderworks.brokers.simulated.report_rows import read_reports, replace_reports
from orderworks.market.calendar import NEW_YORK, Session, previous_sessions, require_session
from orderworks.model.corporate_action import AppliedAction
from orderworks.model.errors import BrokerError
from orderworks.model.fill import Fill
from orderworks.row_text import array

_ACCOUNT_IN_USE = 0x0DE5_0002
_LOCK_WAIT_MS = 1_000
"""The server frees what a process held only some moments after that has ended."""


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
        self._has_reports_on_their_way = self._has_laggards = False

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

    def require_open(self) -> None:
        """Raises BrokerError where a step could not be committed: nothing must build on it."""
        if self._connection.closed:
            raise BrokerError(
                f"the exchange's record of account {self.account} is closed; open the exchange again"
            )

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
            "SELECT account, reached, cash, orders, since, behind FROM exchange.accounts "
            "LEFT JOIN exchange.laggards USING (account) WHERE account = %s",
            (self.account,),
        ).fetchone()
        if row is None:
            raise BrokerError(f"the exchange's record of account {self.account} is gone")
        since, behind = row.pop("since"), row.pop("behind")
        self._has_laggards = since is not None
        positions = {
            held["symbol"]: (held["quantity"], held["cost"])
            for held in self._connection.execute(
                "SELECT symbol, quantity, cost FROM exchange.positions WHERE account = %s",
                (self.account,),
            )
        }
        laggards = Laggards(since, behind) if self._has_laggards else None
        return ExchangeAccount(**row, positions=positions, laggards=laggards)

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
        """How far a snapshot reaches back: to the open of the last session before an order moved.

        An order whose time is over may end between two. What happened at the end of a session may
        not have been seen, and must not look as if it had not.
        """
        row = self._connection.execute(
            "SELECT greatest((SELECT max(changed_at) FROM exchange.orders "
            "WHERE account = %(account)s AND changed_at < %(open)s), (SELECT max(ts) "
            "FROM exchange.fills WHERE account = %(account)s AND ts < %(open)s)) AS last",
            {"account": self.account, "open": session.open},
        ).fetchone()
        if row is None or row["last"] is None:
            return session.open
        after = row["last"].astimezone(NEW_YORK).date() + timedelta(days=1)
        return require_session(previous_sessions(after, 1)[0]).open

    def orders_named(self, client_order_id: str) -> list[ExchangeOrder]:
        """Every order that was received under a name."""
        return self._orders("AND client_order_id = %s ORDER BY number", client_order_id)

    def related(self, entries: Sequence[int], groups: Sequence[str]) -> list[ExchangeOrder]:
        """The orders of these numbers, the exits of these, and the orders of these groups."""
        return self._orders(
            "AND (number = ANY(%s) OR entry = ANY(%s) OR oca_group = ANY(%s)) ORDER BY number",
            entries,
            entries,
            groups,
        )

    def symbols_of_groups(self, groups: Sequence[str]) -> dict[str, str]:
        """The symbol that the orders of each group trade, of groups that there are."""
        rows = self._connection.execute(
            "SELECT DISTINCT oca_group, symbol FROM exchange.orders "
            "WHERE account = %s AND oca_group = ANY(%s) AND state <> 'REJECTED'",
            (self.account, groups),
        )
        return {row["oca_group"]: row["symbol"] for row in rows}

    def reports_on_their_way(self) -> list[OnItsWay]:
        """The reports that have not reached the client, in the order in which they were sent."""
        found = read_reports(self._connection, self.account)
        self._has_reports_on_their_way = bool(found)
        return found

    def fills_since(self, since: datetime) -> list[Fill]:
        """The executions from a moment on, in order."""
        return self._fills("AND ts >= %s ORDER BY ts, exec_id", since)

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
        placed: Sequence[ExchangeOrder] = (),
        fills: Sequence[tuple[int, Fill]] = (),
        on_their_way: Sequence[OnItsWay] = (),
        actions: Sequence[AppliedAction] = (),
    ) -> None:
        """Commits one step of the exchange: what came in, what changed, what traded, how far it is.

        Where that fails the record is closed: what the caller has in memory is then ahead of it,
        and nothing must be built on that.

        Args:
            received: orders that the record does not have yet.
            changed: orders that it has and that got on, as they stand now.
            placed: orders that it has and that have come to another place in their books.
            fills: executions with the number of their order.
            on_their_way: every report that has not reached the client.
            actions: corporate actions that were applied.
        """
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                self._write(cursor, account, received, changed, placed, fills)
                if actions:
                    write_actions(cursor, account, actions)
                if on_their_way or self._has_reports_on_their_way:
                    replace_reports(cursor, self.account, on_their_way)
                    self._has_reports_on_their_way = bool(on_their_way)
        except BaseException:
            self._connection.close()
            raise

    def _write(
        self,
        cursor: psycopg.Cursor[DictRow],
        account: ExchangeAccount,
        received: Sequence[ExchangeOrder],
        changed: Sequence[ExchangeOrder],
        placed: Sequence[ExchangeOrder],
        fills: Sequence[tuple[int, Fill]],
    ) -> None:
        if received:
            insert_orders(cursor, self.account, received)
        if changed:
            update_orders(cursor, self.account, changed, PROGRESS)
        if placed:
            update_orders(cursor, self.account, placed, PLACE)
        if fills:
            self._write_fills(cursor, account, fills)
        cursor.execute(
            "UPDATE exchange.accounts SET reached = %s, cash = %s, orders = %s WHERE account = %s",
            (account.reached, account.cash, account.orders, self.account),
        )
        if account.laggards is not None or self._has_laggards:
            self._write_laggards(cursor, account.laggards)

    def _write_laggards(self, cursor: psycopg.Cursor[DictRow], laggards: Laggards | None) -> None:
        cursor.execute("DELETE FROM exchange.laggards WHERE account = %s", (self.account,))
        if laggards is not None:
            cursor.execute(
                "INSERT INTO exchange.laggards (account, since, behind) VALUES (%s, %s, %s)",
                (self.account, *laggards),
            )
        self._has_laggards = laggards is not None

    def _write_fills(
        self,
        cursor: psycopg.Cursor[DictRow],
        account: ExchangeAccount,
        fills: Sequence[tuple[int, Fill]],
    ) -> None:
        insert_fills(cursor, self.account, fills)
        moved = sorted({fill.symbol for _, fill in fills})
        shares, costs = zip(*(account.positions[symbol] for symbol in moved), strict=True)
        cursor.execute(
            "INSERT INTO exchange.positions (account, symbol, quantity, cost) "
            "SELECT %s, * FROM unnest(%s::text[], %s::bigint[], %s::numeric[]) "
            "ON CONFLICT (account, symbol) DO UPDATE "
            "SET quantity = excluded.quantity, cost = excluded.cost",
            (self.account, array(moved), array(shares), array(costs)),
        )

    def _fills(self, condition: str, *parameters: object) -> list[Fill]:
        return read_fills(self._connection, self.account, condition, *parameters)

    def _orders(self, condition: str, *parameters: object) -> list[ExchangeOrder]:
        return read_orders(self._connection, self.account, condition, *parameters)
