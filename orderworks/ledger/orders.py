"""Orders as the ledger has them, and how they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.rows import args_row

from orderworks.ledger.connection import Ledger
from orderworks.model.state import LIVE, STATES, OrderState


@dataclass(slots=True)
class OrderRecord:
    """One order as the ledger has it: a plain order, a worked parent, or a slice of one.

    Only a slice has a ``parent_id``. What is worked never reaches the broker itself. ``native`` is how
    the broker's own algorithm is to work it, where one does. ``acknowledged_at`` is when the broker first
    showed that it has the order: since its last sending, as what was shown is not sent again.
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
    attached_to: str | None = None
    oca_group: str | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    good_till: datetime | None = None
    remainder: str = "keep"
    cross_at: datetime | None = None
    reduce_only: bool = False
    stop_loss_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    revision: int = 0
    held: bool = False
    native: Mapping[str, Any] | None = None
    acknowledged_at: datetime | None = None

    def __post_init__(self) -> None:
        self.state = STATES[self.state]

    @property
    def remaining(self) -> int:
        """What it still has to fill."""
        return self.quantity - self.filled_quantity

    @property
    def reaches_broker(self) -> bool:
        """Whether the broker is sent this very order."""
        return self.parent_id is not None or self.algo == "none"

    @property
    def is_exit(self) -> bool:
        """Whether it only closes what another order has opened."""
        return self.attached_to is not None

    @property
    def is_live(self) -> bool:
        """Whether the broker has confirmed that it rests."""
        return self.state in LIVE

    @property
    def is_worked(self) -> bool:
        """Whether this is a parent that is worked through slices."""
        return not self.reaches_broker


OrderMap = dict[str, OrderRecord]
"""Orders by client_order_id."""


# In the order of the fields of an OrderRecord.
_COLUMNS = """
SELECT client_order_id, account, run_id, parent_id, slice_index, strategy, symbol, side,
       planned_quantity, quantity, order_type, limit_price, tif, algo, due_at, ends_at,
       route_rule, decision_price, signal_ts, state, reason, attempts, filled_quantity,
       attached_to, oca_group, stop_price, trail_amount, trail_percent, good_till,
       remainder, cross_at, reduce_only,
       stop_loss_price, take_profit_price, revision, held, native,
       acknowledged_at
"""
_SELECT = _COLUMNS + "FROM orders "
_SELECT_OPEN = _COLUMNS + "FROM open_orders "


def open_orders(ledger: Ledger, account: str) -> OrderMap:
    """Every order of the account that is not closed, oldest due first, exits behind entries."""
    return _load(
        ledger,
        _SELECT_OPEN
        + "WHERE account = %s ORDER BY due_at, attached_to IS NOT NULL, client_order_id",
        (account,),
    )


def orders_by_id(ledger: Ledger, ids: Sequence[str], *, parents_too: bool = True) -> OrderMap:
    """The orders of these names, closed ones included, and their parents if not told otherwise."""
    if not ids:
        return {}
    condition = "WHERE client_order_id = ANY(%(ids)b)"
    if parents_too:
        condition += (
            " OR client_order_id IN "
            "(SELECT parent_id FROM orders WHERE client_order_id = ANY(%(ids)b))"
        )
    return _load(ledger, _SELECT + condition, {"ids": list(ids)})


def orders_of_parents(ledger: Ledger, parent_ids: Sequence[str]) -> list[OrderRecord]:
    """Every child of these parents, closed ones included."""
    if not parent_ids:
        return []
    return list(
        _load(
            ledger,
            _SELECT + "WHERE parent_id = ANY(%b) ORDER BY parent_id, slice_index",
            (list(parent_ids),),
        ).values()
    )


def orders_attached_to(ledger: Ledger, entries: Sequence[str]) -> list[OrderRecord]:
    """Every exit of these entries, closed ones included."""
    found = _load(ledger, _SELECT + "WHERE attached_to = ANY(%b)", (list(entries),))
    return sorted(found.values(), key=lambda one: (one.due_at, one.client_order_id))


def next_moment(
    ledger: Ledger,
    account: str,
    after: datetime,
    sweep_before: timedelta,
    reprice_every: timedelta,
) -> datetime | None:
    """The next market time at which something must be done for the account; None: nothing.

    That is when an order is due, when its horizon ends, when what is left of it crosses the spread
    or is priced anew, and ``sweep_before`` the end of a worked parent's horizon where what is left of
    that is to be swept. An exit has no moment once it was sent: it rests.
    """
    row = ledger.execute(
        "SELECT least("
        "min(due_at) FILTER (WHERE due_at > %(after)s AND reaches_broker AND state = 'NEW'), "
        "min(ends_at) FILTER (WHERE ends_at > %(after)s AND parent_id IS NULL AND attached_to IS NULL), "
        "min(cross_at) FILTER (WHERE cross_at > %(after)s), "
        # From when it was sent, or is to be; that is always later than now.
        "min(sent.at + greatest(floor(extract(epoch FROM %(after)s - sent.at) / %(every)s) + 1, 1) "
        "* %(every)s * interval '1 second') FILTER (WHERE reaches_broker AND remainder = 'reprice'), "
        "min(ends_at - %(sweep)s::interval) FILTER (WHERE ends_at - %(sweep)s::interval > %(after)s "
        "AND NOT reaches_broker AND remainder = 'sweep')) AS at FROM open_orders "
        "CROSS JOIN LATERAL (SELECT coalesce(released_at, greatest(due_at, %(after)s)) AS at) sent "
        "WHERE account = %(account)s",
        {
            "account": account,
            "after": after,
            "sweep": sweep_before,
            "every": reprice_every.total_seconds(),
        },
    ).fetchone()
    return None if row is None else row["at"]


def has_work(ledger: Ledger, run_id: int, *, over: bool) -> bool:
    """Whether a run's orders still need work.

    Before its end that is every open one but exits, which rest; ``over``, what waits to be sent and
    what is not to outlast its horizon. What then rests, rests at the broker.
    """
    row = ledger.execute(
        "SELECT EXISTS (SELECT 1 FROM orders WHERE run_id = %s AND closed_at IS NULL "
        "AND (state = 'NEW' OR (attached_to IS NULL "
        "AND (NOT %s OR remainder IN ('cancel', 'sweep'))))) AS found",
        (run_id, over),
    ).fetchone()
    return row is not None and bool(row["found"])


def orders_of_run(ledger: Ledger, run_id: int) -> list[OrderRecord]:
    """Every parent and child of a run."""
    return list(
        _load(
            ledger, _SELECT + "WHERE run_id = %s ORDER BY due_at, client_order_id", (run_id,)
        ).values()
    )


def _load(
    ledger: Ledger, query: str, parameters: Sequence[object] | Mapping[str, object]
) -> OrderMap:
    with ledger.cursor(row_factory=args_row(OrderRecord)) as cursor:
        records = cursor.execute(query.encode(), parameters).fetchall()
        return {record.client_order_id: record for record in records}
