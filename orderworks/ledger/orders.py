"""Orders in the ledger: reading them, permitting their sending, recording what became of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter

from psycopg.rows import args_row

from orderworks.ledger.bulk import copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.ledger.controls import require_not_killed
from orderworks.ledger.leases import Lease, require_lease
from orderworks.model.errors import IllegalTransition
from orderworks.model.fill import Fill
from orderworks.model.state import OrderEvent, OrderState


@dataclass(slots=True)
class OrderRecord:
    """One order as the ledger has it: a plain order, a worked parent, or a slice of one.

    Only a slice has a ``parent_id``. What is worked never reaches the broker itself.
    """

    client_order_id: str
    account: str
    run_id: int
    parent_id: str | None
    slice_index: int
    strategy: str
    symbol: str
    side: str
    planned_quantity: int
    quantity: int
    order_type: str
    limit_price: Decimal | None
    tif: str
    algo: str
    due_at: datetime
    ends_at: datetime
    route_rule: str
    decision_price: Decimal
    signal_ts: datetime
    state: OrderState
    reason: str | None
    attempts: int
    filled_quantity: int

    def __post_init__(self) -> None:
        self.state = OrderState(self.state)

    @property
    def remaining(self) -> int:
        """What it still has to fill."""
        return self.quantity - self.filled_quantity

    @property
    def reaches_broker(self) -> bool:
        """Whether the broker is sent this very order."""
        return self.parent_id is not None or self.algo == "none"

    @property
    def is_worked(self) -> bool:
        """Whether this is a parent that is worked through slices."""
        return not self.reaches_broker


OrderMap = dict[str, OrderRecord]
"""Orders by client_order_id."""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One transition of one order, at a market time."""

    client_order_id: str
    event: OrderEvent
    from_state: OrderState
    to_state: OrderState
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """What a child becomes at the moment it is sent: its final quantity, price and arrival quote."""

    client_order_id: str
    quantity: int
    order_type: str
    limit_price: Decimal | None
    arrival_bid: Decimal
    arrival_ask: Decimal
    attempt: int


_EVENT_ROW = attrgetter("client_order_id", "event", "from_state", "to_state", "at", "reason")

# In the order of the fields of an OrderRecord.
_COLUMNS = """
SELECT client_order_id, account, run_id, parent_id, slice_index, strategy, symbol, side,
       planned_quantity, quantity, order_type, limit_price, tif, algo, due_at, ends_at,
       route_rule, decision_price, signal_ts, state, reason, attempts, filled_quantity
"""
_SELECT = _COLUMNS + "FROM orders "
_SELECT_OPEN = _COLUMNS + "FROM open_orders "


def open_orders(ledger: Ledger, account: str) -> OrderMap:
    """Every parent and child of the account that is not closed, oldest due first."""
    return _load(
        ledger,
        _SELECT_OPEN + "WHERE account = %s ORDER BY due_at, client_order_id",
        (account,),
    )


def orders_by_id(ledger: Ledger, ids: Sequence[str], *, parents_too: bool = True) -> OrderMap:
    """The orders of these names, closed ones included, and their parents if not told otherwise."""
    if not ids:
        return {}
    condition = "WHERE client_order_id = ANY(%(ids)s)"
    if parents_too:
        condition += (
            " OR client_order_id IN "
            "(SELECT parent_id FROM orders WHERE client_order_id = ANY(%(ids)s))"
        )
    return _load(ledger, _SELECT + condition, {"ids": list(ids)})


def orders_of_parents(ledger: Ledger, parent_ids: Sequence[str]) -> list[OrderRecord]:
    """Every child of these parents, closed ones included."""
    if not parent_ids:
        return []
    return list(
        _load(
            ledger,
            _SELECT + "WHERE parent_id = ANY(%s) ORDER BY parent_id, slice_index",
            (list(parent_ids),),
        ).values()
    )


def next_moment(
    ledger: Ledger, account: str, after: datetime, sweep_before: timedelta | None
) -> datetime | None:
    """The next market time at which something must be done for the account; None: nothing.

    That is when an order is due, when its horizon ends, and ``sweep_before`` that, when what is left
    of a worked parent is swept; None: never.
    """
    row = ledger.execute(
        "SELECT min(m.at) AS at FROM open_orders o CROSS JOIN LATERAL (VALUES "
        "(CASE WHEN reaches_broker AND state = 'NEW' THEN due_at END), "
        "(CASE WHEN parent_id IS NULL THEN ends_at END), "
        "(CASE WHEN NOT reaches_broker THEN ends_at - %(sweep)s::interval END)"
        ") AS m (at) WHERE account = %(account)s AND m.at > %(after)s",
        {"account": account, "after": after, "sweep": sweep_before},
    ).fetchone()
    return None if row is None else row["at"]


def has_work(ledger: Ledger, run_id: int, *, over: bool, carry: bool) -> bool:
    """Whether a run's orders still need work.

    Before its end that is every open one; ``over``, what waits to be sent and, unless rests are
    carried, what belongs to a worked parent. What then rests, rests at the broker.
    """
    row = ledger.execute(
        "SELECT EXISTS (SELECT 1 FROM orders WHERE run_id = %s AND closed_at IS NULL "
        "AND (NOT %s OR state = 'NEW' OR (algo <> 'none' AND NOT %s))) AS found",
        (run_id, over, carry),
    ).fetchone()
    return row is not None and bool(row["found"])


def orders_of_run(ledger: Ledger, run_id: int) -> list[OrderRecord]:
    """Every parent and child of a run."""
    return list(
        _load(
            ledger, _SELECT + "WHERE run_id = %s ORDER BY due_at, client_order_id", (run_id,)
        ).values()
    )


def permit(
    ledger: Ledger,
    lease: Lease,
    releases: Sequence[Release],
    events: Sequence[EventRecord],
    at: datetime,
) -> None:
    """Write-ahead: commits what is about to be sent, if this process may send it.

    One transaction checks the fencing token and the kill switch, fixes each child's quantity,
    price and arrival quote, and records the send attempt and the transitions. Only after it
    returns may the messages leave.

    Raises:
        LeaseLost, KillSwitchThrown: and nothing was permitted.
        IllegalTransition: if an order has left already; and nothing was permitted.
    """
    with ledger.transaction():
        require_lease(ledger, lease)
        require_not_killed(ledger, lease.account)
        waiting = ledger.execute(
            "UPDATE orders o SET quantity = r.quantity, order_type = r.order_type, "
            "limit_price = r.limit_price, arrival_bid = r.bid, arrival_ask = r.ask, "
            "released_at = %s, attempts = r.attempt "
            "FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::numeric[], %s::numeric[], "
            "%s::numeric[], %s::int[]) "
            "AS r (id, quantity, order_type, limit_price, bid, ask, attempt) "
            "WHERE o.client_order_id = r.id AND o.state = 'NEW' AND o.attempts + 1 = r.attempt",
            (
                at,
                [r.client_order_id for r in releases],
                [r.quantity for r in releases],
                [r.order_type for r in releases],
                [r.limit_price for r in releases],
                [r.arrival_bid for r in releases],
                [r.arrival_ask for r in releases],
                [r.attempt for r in releases],
            ),
        )
        if waiting.rowcount != len(releases):
            raise IllegalTransition(
                f"{len(releases) - waiting.rowcount} of {len(releases)} orders of account "
                f"{lease.account} have left already or are not the ledger's; none is sent now"
            )
        ledger.execute(
            "UPDATE orders p SET released_at = c.released_at, arrival_bid = c.arrival_bid, "
            "arrival_ask = c.arrival_ask FROM orders c WHERE c.client_order_id = ANY(%s) "
            "AND p.client_order_id = c.parent_id AND p.released_at IS NULL",
            ([r.client_order_id for r in releases],),
        )
        copy_rows(
            ledger,
            "send_attempts",
            ("client_order_id", "attempt", "token", "at"),
            ((r.client_order_id, r.attempt, lease.token, at) for r in releases),
        )
        _record_events(ledger, events)


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
    with ledger.transaction():
        require_lease(ledger, lease)
        copy_rows(
            ledger,
            "fills",
            (
                "account",
                "exec_id",
                "client_order_id",
                "symbol",
                "side",
                "quantity",
                "price",
                "commission",
                "ts",
            ),
            (
                (
                    lease.account,
                    fill.exec_id,
                    fill.client_order_id,
                    fill.symbol,
                    str(fill.side),
                    fill.quantity,
                    fill.price,
                    fill.commission,
                    fill.ts,
                )
                for fill in fills
            ),
        )
        _record_events(ledger, events)


def booked_executions(ledger: Ledger, account: str, exec_ids: Sequence[str]) -> set[str]:
    """Which of these executions the ledger has."""
    return {
        row["exec_id"]
        for row in ledger.execute(
            "SELECT exec_id FROM fills WHERE account = %s AND exec_id = ANY(%s)",
            (account, list(exec_ids)),
        )
    }


def add_children(ledger: Ledger, lease: Lease, children: Sequence[tuple[object, ...]]) -> None:
    """Adds residual children to open parents: (id, parent, slice index, quantity, rule, type, due).

    The rest is the parent's. A child that is there already is left as it is.
    """
    with ledger.transaction():
        require_lease(ledger, lease)
        with ledger.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO orders (client_order_id, parent_id, slice_index, planned_quantity, "
                "quantity, route_rule, order_type, due_at, account, run_id, strategy, symbol, side, "
                "tif, algo, ends_at, decision_price, signal_ts) "
                "SELECT v.id, p.client_order_id, v.slice, v.quantity, v.quantity, v.rule, v.type, "
                "v.due, p.account, p.run_id, p.strategy, p.symbol, p.side, p.tif, p.algo, p.ends_at, "
                "p.decision_price, p.signal_ts "
                "FROM (VALUES (%s::text, %s::text, %s::int, %s::bigint, %s::text, %s::text, "
                "%s::timestamptz)) AS v (id, parent, slice, quantity, rule, type, due) "
                "JOIN orders p ON p.client_order_id = v.parent "
                "ON CONFLICT (client_order_id) DO NOTHING",
                children,
            )


def _record_events(ledger: Ledger, events: Iterable[EventRecord]) -> None:
    copy_rows(
        ledger,
        "order_events",
        ("client_order_id", "event", "from_state", "to_state", "at", "reason"),
        map(_EVENT_ROW, events),
    )


def _load(
    ledger: Ledger, query: str, parameters: Sequence[object] | Mapping[str, object]
) -> OrderMap:
    with ledger.cursor(row_factory=args_row(OrderRecord)) as cursor:
        records = cursor.execute(query.encode(), parameters).fetchall()
        return {record.client_order_id: record for record in records}
