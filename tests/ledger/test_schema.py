"""What the database makes impossible, whoever writes: each against the real server."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from time import sleep

import pytest
from plan_columns import ORDER_COLUMNS
from psycopg import errors
from working_orders import (
    ACCOUNT,
    at,
    count,
    family,
    fill,
    happened,
    order,
    plan_orders,
    row,
    send_first_of_two,
    state_of,
)

from orderworks.ledger.accounts import open_account
from orderworks.ledger.bulk import copy_rows
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.controls import resume, throw_kill_switch
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import EventRecord, book
from orderworks.model.errors import InputError
from orderworks.model.fill import Fill
from orderworks.model.state import TRANSITIONS, OrderEvent, OrderState

E, S = OrderEvent, OrderState
FLOATING = {
    ("order_quality", "twap_price"),
    ("order_quality", "vwap_price"),
    ("fill_quality", "arrival_price"),
}
"""What a cost is compared with, where it is summed up over millions: estimates, which nobody pays."""


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    return send_first_of_two(ledger)


def acknowledged(*names: str) -> list[EventRecord]:
    return [e for name in names for e in happened(name, E.ACKNOWLEDGE, start=S.PENDING)]


def insert(ledger: Ledger, table: str, columns: Sequence[str], *rows: Sequence[object]) -> None:
    copy_rows(ledger, table, columns, rows)


# Orders ----------------------------------------------------------------------------------------


def test_a_name_stands_for_one_order(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(errors.UniqueViolation):
        plan_orders(ledger, *family("p", 5), run_key="another run")
    assert count(ledger, "orders") == 3


def test_a_child_fits_its_run_and_its_parent(ledger: Ledger, lease: Lease) -> None:
    open_account(ledger, "SIM-2", "simulated", "simulated")
    for stray in (
        order("p-2", 10, account="SIM-2"),
        order("p-2", 10, symbol="MSFT"),
        order("p-2", 10, side="sell"),
        order("p-2", 10, parent_id="p-0"),
        order("p-2", 10, parent_id="nobody"),
    ):
        with pytest.raises(errors.ForeignKeyViolation, match="p-2 does not fit"):
            insert(ledger, "orders", ("run_id", *ORDER_COLUMNS), (1, *row(stray)))
    insert(ledger, "orders", ("run_id", *ORDER_COLUMNS), (1, *row(order("p-2", 10))))


def test_orders_are_kept(ledger: Ledger, lease: Lease) -> None:
    for statement in (b"DELETE FROM orders", b"TRUNCATE orders, order_quality"):
        with pytest.raises(errors.RestrictViolation, match="kept for ever"):
            ledger.execute(statement)
    assert count(ledger, "orders") == 3


def test_state_and_fills_are_not_written_directly(ledger: Ledger, lease: Lease) -> None:
    for change in (
        "state = 'SUBMITTED'",
        "state = 'FILLED', filled_quantity = 60, closed_at = now()",
        "filled_quantity = 1",
        "filled_notional = 1",
        "commission = 1",
    ):
        with pytest.raises(errors.RestrictViolation, match="follow from order_events and fills"):
            ledger.execute(f"UPDATE orders SET {change} WHERE client_order_id = 'p-0'".encode())


def test_what_was_sent_or_is_to_be_sent_stays_as_it_was(ledger: Ledger, lease: Lease) -> None:
    for change in (
        "quantity = quantity + 1",
        "limit_price = 1",
        "tif = 'gtc'",
        "order_type = 'market', limit_price = NULL",
    ):
        for name in ("p-0", "p-1"):
            update = f"UPDATE orders SET {change} WHERE client_order_id = '{name}'"
            with pytest.raises(errors.RestrictViolation, match="what was planned or sent"):
                ledger.execute(update.encode())


def test_what_was_planned_stays_as_it_was(ledger: Ledger, lease: Lease) -> None:
    for column in ("planned_quantity", "run_id"):
        change = f"UPDATE orders SET {column} = {column} + 1 WHERE client_order_id = 'p-1'"
        with pytest.raises(errors.RestrictViolation, match="what was planned or sent"):
            ledger.execute(change.encode())


def test_an_attempt_is_counted_once(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(errors.UniqueViolation):
        insert(
            ledger,
            "send_attempts",
            ("client_order_id", "attempt", "token", "at"),
            ("p-0", 1, lease.token, at(1)),
        )


# Events ----------------------------------------------------------------------------------------


def test_the_legal_transitions_are_the_models(ledger: Ledger) -> None:
    found = ledger.execute(
        "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = %s",
        ("legal_transition",),
    ).fetchone()
    assert found is not None
    held = re.findall(r"'(\w+) (\w+) (\w+)'", found["text"])
    assert len(held) == len(TRANSITIONS)
    assert {(S(a), E(event)): S(b) for a, event, b in held} == TRANSITIONS


def test_an_illegal_transition_is_refused(ledger: Ledger, lease: Lease) -> None:
    for event, end in (
        (E.COMPLETE, S.FILLED),
        (E.CANCEL, S.CANCELLED),
        (E.WITHDRAW, S.CANCELLED),
        (E.ACKNOWLEDGE, S.FILLED),
    ):
        with pytest.raises(errors.CheckViolation, match="legal_transition"):
            book(ledger, lease, [EventRecord("p-0", event, S.PENDING, end, at(1))])
    assert state_of(ledger, "p-0") == "PENDING"


def test_an_event_starts_where_its_order_stands(ledger: Ledger, lease: Lease) -> None:
    for stray in (
        happened("p-0", E.CANCEL, start=S.SUBMITTED),
        happened("nobody", E.SEND),
        happened("p", E.SEND),
        happened("p-1", E.START),
        [*acknowledged("p-0"), *happened("p-0", E.COMPLETE, start=S.PARTIALLY_FILLED)],
    ):
        with pytest.raises(errors.CheckViolation, match="where it stands"):
            book(ledger, lease, stray)
    assert state_of(ledger, "p-0") == "PENDING"


def test_two_workers_at_once_cannot_both_move_an_order(
    ledger: Ledger, ledger_url: str, lease: Lease
) -> None:
    """As if there were no lease: the second waits, sees where the first left it, and is refused."""
    with open_ledger(ledger_url) as other, ThreadPoolExecutor(1) as threads:
        with ledger.transaction():
            book(ledger, lease, acknowledged("p-0"))
            rejected = happened("p-0", E.REJECT, start=S.PENDING)
            later = threads.submit(book, other, lease, rejected)
            while not waits_for_a_lock(ledger):
                sleep(0.005)
        with pytest.raises(errors.SerializationFailure, match="another worker"):
            later.result(10)
    assert state_of(ledger, "p-0") == "SUBMITTED"
    assert count(ledger, "order_events") == 2


def waits_for_a_lock(ledger: Ledger) -> bool:
    found = ledger.execute(
        "SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    ).fetchone()
    assert found is not None
    return bool(found["n"])


def test_an_order_is_filled_by_its_fills(ledger: Ledger, lease: Lease) -> None:
    whole = [*acknowledged("p-0"), *happened("p-0", E.COMPLETE, start=S.SUBMITTED)]
    with pytest.raises(errors.CheckViolation):
        book(ledger, lease, whole)
    with pytest.raises(errors.CheckViolation):
        book(ledger, lease, whole, [fill("x1", "p-0", 59)])
    book(ledger, lease, whole, [fill("x1", "p-0", 59), fill("x2", "p-0", 1)])
    assert state_of(ledger, "p-0") == "FILLED"


@pytest.mark.parametrize("table", ["order_events", "fills", "send_attempts", "control_events"])
def test_what_happened_is_append_only(ledger: Ledger, lease: Lease, table: str) -> None:
    book(ledger, lease, [], [fill("x1", "p-0", 10)])
    throw_kill_switch(ledger, ACCOUNT, "a test")
    resume(ledger, ACCOUNT, "a test")
    column = "account" if table in ("fills", "control_events") else "client_order_id"
    before = count(ledger, table)
    assert before
    for change in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
    ):
        with pytest.raises(errors.RestrictViolation, match="append-only"):
            ledger.execute(change.encode())
    assert count(ledger, table) == before


# Accounts, numbers and times -------------------------------------------------------------------


def test_an_account_keeps_its_mode(ledger: Ledger, lease: Lease) -> None:
    for change in ("mode = 'paper'", "provider = 'ibkr'", "account = 'SIM-2'"):
        with pytest.raises(errors.RestrictViolation, match="keeps its mode"):
            ledger.execute(f"UPDATE accounts SET {change}".encode())
    with pytest.raises(errors.RestrictViolation, match="keeps its mode"):
        ledger.execute("DELETE FROM accounts")
    with pytest.raises(InputError, match=r"booked as simulated.*cannot be used as live"):
        open_account(ledger, ACCOUNT, "live", "ibkr")


def test_money_is_exact_and_time_has_a_zone(ledger: Ledger) -> None:
    found = ledger.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'ledger' AND table_name <> 'alembic_version'"
    ).fetchall()
    kinds = {(c["table_name"], c["column_name"]): c["data_type"] for c in found}
    money = re.compile(
        r"price|notional|commission|cost|cash|balance|equity|fees|arrival_(bid|ask)"
        r"|shortfall_(?!bps)"
    )
    exact = {c for c in kinds if money.search(c[1]) and not c[1].endswith("_bps")}
    assert len(exact) > 25
    assert {kinds[column] for column in exact - FLOATING} - {"numeric"} == set()

    times = {column for column in kinds if re.search(r"(^|_)(at|ts|start)$", column[1])}
    assert len(times) > 25
    assert {kinds[column] for column in times} == {"timestamp with time zone"}
    assert "timestamp without time zone" not in kinds.values()
    assert not {kind for kind in kinds.values() if kind in ("real", "money")}


def test_money_and_times_come_back_as_they_were_given(ledger: Ledger, lease: Lease) -> None:
    made: Fill = fill(
        "x1", "p-0", 1, price=Decimal("0.1000"), commission=Decimal("1e-9"), ts=at(0.123456)
    )
    book(ledger, lease, [], [made])
    found = ledger.execute("SELECT price, commission, ts FROM fills").fetchone()
    assert found == {"price": made.price, "commission": made.commission, "ts": made.ts}
    assert found is not None
    assert found["ts"].utcoffset().total_seconds() == 0
