"""What refers to a run or an account refers to one that there is, and that stays."""

import pytest
from psycopg import errors
from working_orders import ACCOUNT, at, count, fill, open_books, order, plan_orders, send

from orderworks.ledger.bulk import copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.ledger.movements import book

SIGNAL = ("run_id", "row", "strategy", "symbol", "direction", "strength", "price", "ts", "content")
DECISION = ("run_id", "strategy", "symbol", "accepted", "code", "reason", "saw")


@pytest.fixture
def books(ledger: Ledger) -> Ledger:
    """Run 1 of an account, with a signal, what was decided of it, and a position."""
    lease = open_books(ledger)
    one = order("p", 10, algo="none")
    run = plan_orders(ledger, one)
    send(ledger, lease, one)
    book(ledger, lease, [], [fill("x1", "p", 10)])
    add_signal(ledger, run.run_id)
    add_decision(ledger, run.run_id)
    return ledger


def add_signal(ledger: Ledger, run_id: int) -> None:
    row = (run_id, 1, "momentum", "AAPL", "long", "0.5", "100.00", at(0), "{}")
    copy_rows(ledger, "signals", SIGNAL, [row])


def add_decision(ledger: Ledger, run_id: int) -> None:
    row = (run_id, "momentum", "AAPL", True, "ACCEPTED", "it fits", "{}")
    copy_rows(ledger, "risk_decisions", DECISION, [row])


@pytest.mark.parametrize(
    ("table", "add"), [("signals", add_signal), ("risk_decisions", add_decision)]
)
def test_what_was_planned_belongs_to_a_run(books: Ledger, table: str, add) -> None:
    with pytest.raises(errors.ForeignKeyViolation, match="no run 7"):
        add(books, 7)
    assert count(books, table) == 1


def test_a_position_belongs_to_an_account(books: Ledger) -> None:
    columns = ("account", "symbol", "quantity", "cost")
    with pytest.raises(errors.ForeignKeyViolation, match="no account SIM-7"):
        copy_rows(books, "positions", columns, [(ACCOUNT, "MSFT", 1, 1), ("SIM-7", "MSFT", 1, 1)])
    assert count(books, "positions") == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE signals SET run_id = 7",
        "UPDATE risk_decisions SET code = 'FINE'",
        "DELETE FROM signals",
        "DELETE FROM risk_decisions",
        "TRUNCATE signals, risk_decisions",
        "UPDATE positions SET account = 'SIM-7'",
        "UPDATE runs SET run_id = DEFAULT",
        "DELETE FROM runs",
        "TRUNCATE runs CASCADE",
        "TRUNCATE accounts CASCADE",
    ],
)
def test_what_is_referred_to_and_what_refers_to_it_stay(books: Ledger, change: str) -> None:
    with pytest.raises(errors.RestrictViolation):
        books.execute(change.encode())
