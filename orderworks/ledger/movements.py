"""What is done with orders, in the ledger first: permitting what leaves, recording what happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import compress
from operator import attrgetter, not_
from typing import Any, LiteralString, NamedTuple

from psycopg import errors
from psycopg.rows import tuple_row

from orderworks.ledger.bulk import Columns, copy_columns, copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.ledger.controls import require_not_killed
from orderworks.ledger.leases import Lease, require_lease
from orderworks.ledger.orders import OrderRecord
from orderworks.ledger.stopped_runs import require_not_stopped
from orderworks.model.errors import IllegalTransition
from orderworks.model.fill import Fill
from orderworks.model.order import Replacement
from orderworks.model.state import OrderEvent, OrderState


class EventRecord(NamedTuple):
    """One transition of one order, at a market time; ``terms`` are what a REPLACE confirms."""

    client_order_id: str
    event: OrderEvent
    from_state: OrderState
    to_state: OrderState
    at: datetime
    reason: str | None = None
    terms: Replacement | None = None


class Release(NamedTuple):
    """What a child becomes at the moment it is sent: its final quantity, price and arrival quote."""

    client_order_id: str
    quantity: int
    order_type: str
    limit_price: Decimal | None
    arrival_bid: Decimal
    arrival_ask: Decimal
    attempt: int


@dataclass(frozen=True, slots=True)
class Revision:
    """What a resting order is to become, which of its revisions that makes, and why."""

    terms: Replacement
    revision: int
    reason: str


def permit(ledger: Ledger, lease: Lease, releases: Sequence[Release], at: datetime) -> None:
    """Write-ahead: commits what is about to be sent, if this process may send it.

    One transaction checks the fencing token, the kill switch and that no run was cancelled, and records
    the send attempts, which fix each child's quantity, price and arrival quote and make it PENDING.
    Only after it returns may the messages leave.

    Raises:
        LeaseLost, KillSwitchThrown, RunCancelled, NotApproved: and nothing was permitted.
        IllegalTransition: if an order has left already; and nothing was permitted.
    """
    names = [release.client_order_id for release in releases]
    count = len(releases)
    with ledger.transaction():
        _require_permitted(ledger, lease, names)
        try:
            under: dict[str, Sequence[Any]] = {"token": [lease.token] * count, "at": [at] * count}
            copy_columns(ledger, "send_attempts", _columns(Release._fields, releases) | under)
        except (errors.ObjectNotInPrerequisiteState, errors.UniqueViolation) as error:
            why = error.diag.message_detail or error.diag.message_primary
            raise IllegalTransition(
                f"none of {count} orders of account {lease.account} is sent now: {why}"
            ) from None


def require_still_permitted(ledger: Ledger, lease: Lease, client_order_ids: Sequence[str]) -> None:
    """Whether what was permitted a while ago would be permitted now.

    Raises:
        LeaseLost, KillSwitchThrown, RunCancelled, NotApproved.
    """
    with ledger.transaction():
        _require_permitted(ledger, lease, client_order_ids)


def permit_revisions(
    ledger: Ledger, lease: Lease, revisions: Sequence[Revision], at: datetime
) -> None:
    """Write-ahead: commits what resting orders are about to become, if this process may ask for it.

    Raises:
        LeaseLost, KillSwitchThrown, RunCancelled, NotApproved: and nothing was permitted.
    """
    names = [r.terms.client_order_id for r in revisions]
    with ledger.transaction():
        _require_permitted(ledger, lease, names)
        copy_rows(
            ledger,
            "revision_attempts",
            (
                "client_order_id",
                "revision",
                "token",
                "quantity",
                "limit_price",
                "stop_price",
                "reason",
                "at",
            ),
            (
                (
                    one.terms.client_order_id,
                    one.revision,
                    lease.token,
                    one.terms.quantity,
                    one.terms.limit_price,
                    one.terms.stop_price,
                    one.reason,
                    at,
                )
                for one in revisions
            ),
        )


def _require_permitted(ledger: Ledger, lease: Lease, client_order_ids: Sequence[str]) -> None:
    """Inside a transaction: until it ends nothing can stop the account, or the orders' runs."""
    require_lease(ledger, lease)
    require_not_killed(ledger, lease.account, client_order_ids)
    require_not_stopped(ledger, client_order_ids)


def asked_revisions(ledger: Ledger, ids: Sequence[str]) -> dict[str, list[Replacement]]:
    """Of live orders, the terms that the broker was asked for and has not confirmed."""
    asked: dict[str, list[Replacement]] = {}
    for row in ledger.execute(
        "SELECT a.client_order_id, a.quantity, a.limit_price, a.stop_price "
        "FROM revision_attempts a JOIN orders o USING (client_order_id) "
        "WHERE a.client_order_id = ANY(%b) AND a.revision = o.revision + 1 ORDER BY a.id",
        (list(ids),),
    ):
        terms = Replacement(**row)
        asked.setdefault(terms.client_order_id, []).append(terms)
    return asked


def book(
    ledger: Ledger,
    lease: Lease,
    events: Iterable[EventRecord],
    fills: Sequence[Fill] = (),
) -> None:
    """Commits fills and the transitions that follow from them, as one; the books move with them.

    Raises:
        LeaseLost: and nothing was booked.
    """
    first, then = _around_fills(events)
    with ledger.transaction():
        require_lease(ledger, lease)
        _record_events(ledger, first)
        if fills:
            account = {"account": [lease.account] * len(fills)}
            columns = _columns(_FILL, map(attrgetter(*_FILL), fills))
            copy_columns(ledger, "fills", _said(columns) | account)
        _record_events(ledger, then)


def _around_fills(events: Iterable[EventRecord]) -> tuple[list[EventRecord], list[EventRecord]]:
    """What must be recorded before fills, and what after: an order that is FILLED has all its shares.

    One that was FILLED leaves that state before shares are taken back; any other reaches it after.
    """
    events = list(events)
    came_from: dict[str, OrderState] = {}
    for event in events:
        came_from.setdefault(event.client_order_id, event.from_state)
    was_filled = [came_from[event.client_order_id] is OrderState.FILLED for event in events]
    first = list(compress(events, was_filled))
    return first, list(compress(events, map(not_, was_filled)))


def booked_executions(ledger: Ledger, account: str, exec_ids: Sequence[str]) -> dict[str, int]:
    """Which of these executions the ledger has, with their shares; 0 for what a correction stands for."""
    return _by_name(
        ledger,
        "SELECT exec_id, quantity FROM fills "
        "WHERE account = %(account)s AND exec_id = ANY(%(ids)b) "
        "UNION ALL SELECT replaces, 0 FROM fills "
        "WHERE account = %(account)s AND replaces = ANY(%(ids)b) "
        "AND NOT EXISTS (SELECT 1 FROM fills old "
        "WHERE old.account = %(account)s AND old.exec_id = fills.replaces)",
        account,
        exec_ids,
    )


BookedCommissions = dict[str, Decimal | None]
"""What booked executions cost, by exec_id; None of what does not stand: it was corrected, or is a bust."""


def booked_commissions(ledger: Ledger, account: str, exec_ids: Sequence[str]) -> BookedCommissions:
    """Of these executions, those that the ledger has or has a correction of, with what each cost."""
    return _by_name(
        ledger,
        "SELECT exec_id, standing.commission FROM fills "
        "LEFT JOIN executions standing USING (account, exec_id) "
        "WHERE account = %(account)s AND exec_id = ANY(%(ids)b) "
        "UNION ALL SELECT replaces, NULL FROM fills "
        "WHERE account = %(account)s AND replaces = ANY(%(ids)b)",
        account,
        exec_ids,
    )


def standing_reports(ledger: Ledger, account: str, exec_ids: Sequence[str]) -> dict[str, str]:
    """Of executions that the ledger has corrected, the last correction of each: what stands for it."""
    return _by_name(
        ledger,
        "WITH RECURSIVE later AS ("
        "SELECT replaces AS corrected, exec_id FROM fills "
        "WHERE account = %(account)s AND replaces = ANY(%(ids)b) "
        "UNION SELECT later.corrected, f.exec_id FROM later JOIN fills f "
        "ON f.account = %(account)s AND f.replaces = later.exec_id) "
        "SELECT corrected, exec_id FROM later WHERE NOT EXISTS (SELECT 1 FROM fills f "
        "WHERE f.account = %(account)s AND f.replaces = later.exec_id)",
        account,
        exec_ids,
    )


def _by_name(
    ledger: Ledger, query: LiteralString, account: str, exec_ids: Sequence[str]
) -> dict[str, Any]:
    """The two columns of a query of an account's executions, the first by which to find the second."""
    if not exec_ids:
        return {}
    with ledger.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(query, {"account": account, "ids": list(exec_ids)}).fetchall()
        return dict(rows)


_ADDED = (
    *("client_order_id", "account", "run_id", "parent_id", "slice_index", "strategy", "symbol"),
    *("side", "planned_quantity", "quantity", "order_type", "limit_price", "stop_price", "tif"),
    *("algo", "due_at", "ends_at", "route_rule", "decision_price", "signal_ts", "attached_to"),
    *("oca_group", "remainder", "reduce_only", "good_till"),
)


def add_orders(ledger: Ledger, lease: Lease, orders: Sequence[OrderRecord]) -> None:
    """Adds orders to a run whose plan is frozen: entries before exits, to open parents.

    One that is there already is left as it is.
    """
    if not orders:
        return
    columns, places = ", ".join(_ADDED), ", ".join(["%s"] * len(_ADDED))
    with ledger.transaction():
        require_lease(ledger, lease)
        with ledger.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO orders ({columns}) VALUES ({places}) "
                "ON CONFLICT (client_order_id) DO NOTHING".encode(),
                [attrgetter(*_ADDED)(order) for order in orders],
            )


_FILL = (
    *("exec_id", "client_order_id", "symbol", "side", "quantity", "price", "commission", "ts"),
    "replaces",
)
_TERMS = ("quantity", "limit_price", "stop_price")


def _record_events(ledger: Ledger, events: Sequence[EventRecord]) -> None:
    if not events:
        return
    columns = _columns(EventRecord._fields, events)
    terms = columns.pop("terms")
    if any(terms):
        columns |= {
            name: [None if one is None else getattr(one, name) for one in terms] for name in _TERMS
        }
    copy_columns(ledger, "order_events", _said(columns))


def _columns(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, Sequence[Any]]:
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def _said(columns: Columns) -> dict[str, Sequence[Any]]:
    """The columns in which at least one row says something."""
    return {
        name: values
        for name, values in columns.items()
        if any(value is not None for value in values)
    }
