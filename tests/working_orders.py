"""Planned and worked orders, small enough to read: for the tests of the ledger and of the desk."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from plan_columns import ORDER_COLUMNS, by_column

from orderworks.ledger.accounts import book_opening, open_account
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease, take_lease
from orderworks.ledger.movements import EventRecord, Release, permit
from orderworks.ledger.orders import OrderRecord
from orderworks.ledger.runs import Plan, Run, freeze_plan, start_run
from orderworks.model.fill import Fill
from orderworks.model.order import Side
from orderworks.model.portfolio import Portfolio
from orderworks.model.state import OrderEvent, OrderState, transition

ACCOUNT = "SIM-1"
SESSION = date(2025, 11, 20)
RUN_KEY = "daily:2025-11-20"
START = datetime(2025, 11, 20, 14, 35, tzinfo=UTC)
CASH = Decimal("1000000.00")
BID, ASK, LIMIT = Decimal("99.98"), Decimal("100.02"), Decimal("100.05")


def at(seconds: float) -> datetime:
    """So many seconds after the first slice is due."""
    return START + timedelta(seconds=seconds)


def order(name: str, quantity: int, **changes: Any) -> OrderRecord:
    """An order to buy AAPL as a limit, from second 0 to 300; ``p-3`` is the third child of ``p``."""
    parent, _, place = name.rpartition("-")
    record = OrderRecord(
        client_order_id=name,
        account=ACCOUNT,
        run_id=1,
        parent_id=parent or None,
        slice_index=int(place) if parent else 0,
        strategy="momentum",
        symbol="AAPL",
        side="buy",
        planned_quantity=quantity,
        quantity=quantity,
        order_type="limit",
        limit_price=LIMIT,
        tif="day",
        algo="twap",
        due_at=at(60 * int(place) if parent else 0),
        ends_at=at(300),
        route_rule="LARGE",
        decision_price=Decimal("100.00"),
        signal_ts=at(-600),
        state=OrderState.NEW,
        reason=None,
        attempts=0,
        filled_quantity=0,
    )
    return replace(record, **changes)


def family(name: str, *quantities: int, **changes: Any) -> list[OrderRecord]:
    """A parent and its slices, due a minute apart."""
    children = [order(f"{name}-{i}", quantity, **changes) for i, quantity in enumerate(quantities)]
    return [order(name, sum(quantities), **changes), *children]


def row(record: OrderRecord) -> tuple[Any, ...]:
    """The order as a row of a plan."""
    return tuple("{}" if name == "route_saw" else getattr(record, name) for name in ORDER_COLUMNS)


def open_books(ledger: Ledger, account: str = ACCOUNT, cash: Decimal = CASH) -> Lease:
    """An account with nothing but cash, and the right to work it."""
    open_account(ledger, account, "simulated", "simulated")
    book_opening(ledger, Portfolio(account, cash, {}), SESSION, at(-300))
    lease = take_lease(ledger, account, "this test", 60)
    assert lease is not None
    return lease


def plan_of(orders: Sequence[OrderRecord], inputs_hash: str = "ab" * 32) -> Plan:
    """A plan that holds orders and nothing else."""
    more = (
        *("attached_to", "oca_group", "remainder", "cross_at", "good_till"),
        *("stop_price", "take_profit_price", "reduce_only"),
    )
    rows = [(*row(one), *(getattr(one, name) for name in more)) for one in orders]
    names = (*ORDER_COLUMNS, *more)
    return Plan(inputs_hash, at(0), at(300), {}, {}, by_column(names, rows))


def plan_orders(ledger: Ledger, *orders: OrderRecord, run_key: str = RUN_KEY) -> Run:
    """A run with these orders as its frozen plan."""
    run = start_run(ledger, ACCOUNT, run_key, "daily", SESSION, {})
    freeze_plan(ledger, run, plan_of(orders))
    return run


def happened(
    name: str, *events: OrderEvent, start: OrderState = OrderState.NEW, seconds: float = 0
) -> list[EventRecord]:
    """What became of an order, one legal step after another."""
    records = []
    for event in events:
        end = transition(start, event)
        records.append(EventRecord(name, event, start, end, at(seconds)))
        start = end
    return records


def release(name: str, quantity: int, attempt: int = 1) -> Release:
    """The child with what it is sent with."""
    return Release(name, quantity, "limit", LIMIT, BID, ASK, attempt)


def send(ledger: Ledger, lease: Lease, *children: OrderRecord) -> None:
    """Permits the first sending of children."""
    permit(
        ledger,
        lease,
        [release(child.client_order_id, child.quantity) for child in children],
        at(0),
    )


def send_first_of_two(ledger: Ledger) -> Lease:
    """The right to work an account that has planned 100 AAPL in two slices and sent the first."""
    lease = open_books(ledger)
    parent, first, second = family("p", 60, 40)
    plan_orders(ledger, parent, first, second)
    send(ledger, lease, first)
    return lease


def fill(exec_id: str, name: str, quantity: int, **changes: Any) -> Fill:
    """An execution that buys AAPL at 100.01 for a dollar."""
    usual: dict[str, Any] = {
        "symbol": "AAPL",
        "side": Side.BUY,
        "price": Decimal("100.01"),
        "commission": Decimal("1.00"),
        "ts": at(10),
    }
    return Fill(exec_id, name, quantity=quantity, **(usual | changes))


def state_of(ledger: Ledger, name: str) -> str:
    """Where an order stands in the ledger."""
    found = ledger.execute(
        "SELECT state FROM orders WHERE client_order_id = %s", (name,)
    ).fetchone()
    assert found is not None
    return str(found["state"])


def count(ledger: Ledger, table: str) -> int:
    """How many rows a table has."""
    found = ledger.execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchone()
    assert found is not None
    return int(found["n"])
