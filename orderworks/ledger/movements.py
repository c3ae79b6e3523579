"""What is done with orders, in the ledger first: permitting what leaves, recording what happened."""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from psycopg import errors

from orderworks.ledger.bulk import copy_columns, copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.ledger.controls import require_not_killed
from orderworks.ledger.leases import Lease, require_lease
from orderworks.ledger.orders import OrderRecord
from orderworks.ledger.stopped_runs import require_not_stopped
from orderworks.model.errors import IllegalTransition
from orderworks.model.fill import Fill
from orderworks.model.order import Replacement
from orderworks.model.state import LIVE, OrderEvent, OrderState
from orderworks.row_text import said


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
    require_not_stopped(ledger, lease.account, client_order_ids)


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
    events = list(events)
    carried = _carried(events, fills)
    before, after = _around_fills(events, carried)
    with ledger.transaction():
        require_lease(ledger, lease)
        _record_events(ledger, before)
        if fills:
            more: dict[str, Sequence[Any]] = {
                "account": [lease.account] * len(fills),
                "event": [carried.get(fill.client_order_id) for fill in fills],
            }
            columns = _columns(_FILL, map(attrgetter(*_FILL), fills))
            copy_columns(ledger, "fills", said(columns | more))
        _record_events(ledger, after)


def _carried(events: Sequence[EventRecord], fills: Sequence[Fill]) -> dict[str, OrderEvent]:
    """By order, what its only fill is to it, where that is the last that happens to it: FILL or COMPLETE.

    Such a fill moves the order's state by itself, in the row in which it adds its shares.
    """
    last = {event.client_order_id: event for event in events}
    counts = Counter(fill.client_order_id for fill in fills)
    return {
        fill.client_order_id: event.event
        for fill in fills
        if counts[fill.client_order_id] == 1
        and (event := last.get(fill.client_order_id)) is not None
        and event.event in _OF_FILLS
        and event.from_state in LIVE
        and (event.at, event.reason) == (fill.ts, None)
    }


def _around_fills(
    events: Sequence[EventRecord], carried: Container[str]
) -> tuple[list[EventRecord], list[EventRecord]]:
    """What must be recorded before fills, and what after: an order that is FILLED has all its shares.

    One that was FILLED leaves that state before shares are taken back; any other reaches it after. Of one
    whose last event a fill carries, that one is left out, and the others come before.
    """
    last = {event.client_order_id: place for place, event in enumerate(events)}
    came_from: dict[str, OrderState] = {}
    before: list[EventRecord] = []
    after: list[EventRecord] = []
    for place, event in enumerate(events):
        name = event.client_order_id
        if name in carried:
            if place != last[name]:
                before.append(event)
        elif came_from.setdefault(name, event.from_state) is OrderState.FILLED:
            before.append(event)
        else:
            after.append(event)
    return before, after


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
_OF_FILLS = frozenset({OrderEvent.FILL, OrderEvent.COMPLETE})


def _record_events(ledger: Ledger, events: Sequence[EventRecord]) -> None:
    if not events:
        return
    columns = _columns(EventRecord._fields, events)
    terms = columns.pop("terms")
    if any(terms):
        columns |= {
            name: [None if one is None else getattr(one, name) for one in terms] for name in _TERMS
        }
    copy_columns(ledger, "order_events", said(columns))


def _columns(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, Sequence[Any]]:
    return dict(zip(names, zip(*rows, strict=True), strict=True))
