"""A fill that is the last that happens to its order moves the order's state in its own row."""

from decimal import Decimal

import pytest
from psycopg import errors
from working_orders import (
    ACCOUNT,
    at,
    count,
    fill,
    happened,
    open_books,
    order,
    plan_orders,
    send,
    state_of,
)

from orderworks.ledger.bulk import copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import book
from orderworks.model.state import OrderEvent as E
from orderworks.model.state import OrderState as S

FILL = (
    *("account", "exec_id", "client_order_id", "symbol", "side", "quantity", "price"),
    *("commission", "ts", "event"),
)


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    """The right to work an account that has sent 100 AAPL, and has the acknowledgement."""
    taken = open_books(ledger)
    one = order("o", 100, algo="none")
    plan_orders(ledger, one)
    send(ledger, taken, one)
    book(ledger, taken, happened("o", E.ACKNOWLEDGE, start=S.PENDING))
    return taken


def history(ledger: Ledger) -> list[tuple[str, str, str]]:
    rows = ledger.execute("SELECT event, from_state, to_state FROM order_events ORDER BY id")
    return [(row["event"], row["from_state"], row["to_state"]) for row in rows]


def told_by_fills(ledger: Ledger) -> list[str | None]:
    return [row["event"] for row in ledger.execute("SELECT event FROM fills ORDER BY number")]


def add(ledger: Ledger, exec_id: str, quantity: int, event: str | None) -> None:
    values = (
        ACCOUNT,
        exec_id,
        "o",
        "AAPL",
        "buy",
        quantity,
        Decimal(100),
        Decimal(1),
        at(9),
        event,
    )
    copy_rows(ledger, "fills", FILL, [values])


def test_one_fill_that_is_all_completes_its_order(ledger: Ledger, lease: Lease) -> None:
    book(
        ledger,
        lease,
        happened("o", E.COMPLETE, start=S.SUBMITTED, seconds=10),
        [fill("x", "o", 100)],
    )
    found = ledger.execute(
        "SELECT state, filled_quantity, closed_at, reason FROM orders WHERE client_order_id = 'o'"
    ).fetchone()
    assert found == {"state": "FILLED", "filled_quantity": 100, "closed_at": at(10), "reason": None}
    assert history(ledger)[-1] == ("COMPLETE", "SUBMITTED", "FILLED")
    assert told_by_fills(ledger) == ["COMPLETE"]
    assert ledger.execute("SELECT open_orders FROM runs").fetchone() == {"open_orders": 0}


@pytest.mark.parametrize(("seconds", "told"), [(10, "FILL"), (9, None)])
def test_what_is_recorded_does_not_depend_on_which_row_tells_it(
    ledger: Ledger, lease: Lease, seconds: float, told: str | None
) -> None:
    """An event at another time than its fill's, or one of several fills, is told by itself."""
    first = happened("o", E.FILL, start=S.SUBMITTED, seconds=seconds)
    book(ledger, lease, first, [fill("x1", "o", 40)])
    rest = happened("o", E.COMPLETE, start=S.PARTIALLY_FILLED, seconds=seconds)
    book(ledger, lease, rest, [fill("x2", "o", 50), fill("x3", "o", 10)])
    assert history(ledger)[-2:] == [
        ("FILL", "SUBMITTED", "PARTIALLY_FILLED"),
        ("COMPLETE", "PARTIALLY_FILLED", "FILLED"),
    ]
    assert state_of(ledger, "o") == "FILLED"
    assert told_by_fills(ledger) == [told, None, None]


def test_what_comes_before_the_fill_is_recorded_before_it(ledger: Ledger) -> None:
    lease = open_books(ledger)
    one = order("o", 100, algo="none")
    plan_orders(ledger, one)
    send(ledger, lease, one)
    events = happened("o", E.ACKNOWLEDGE, E.COMPLETE, start=S.PENDING, seconds=10)
    book(ledger, lease, events, [fill("x", "o", 100)])
    assert [event for event, _, _ in history(ledger)] == ["SEND", "ACKNOWLEDGE", "COMPLETE"]
    assert told_by_fills(ledger) == ["COMPLETE"]


def test_several_fills_told_in_one_statement_move_their_order_once(
    ledger: Ledger, lease: Lease
) -> None:
    rows = [
        (ACCOUNT, name, "o", "AAPL", "buy", shares, Decimal(100), Decimal(1), at(9), event)
        for name, shares, event in (("x1", 40, "FILL"), ("x2", 10, None), ("x3", 50, "COMPLETE"))
    ]
    copy_rows(ledger, "fills", FILL, rows)
    assert history(ledger)[-2:] == [
        ("FILL", "SUBMITTED", "PARTIALLY_FILLED"),
        ("COMPLETE", "PARTIALLY_FILLED", "FILLED"),
    ]
    assert state_of(ledger, "o") == "FILLED"


def test_a_fill_completes_only_what_is_whole_and_rests(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(errors.CheckViolation):
        add(ledger, "x", 99, "COMPLETE")
    add(ledger, "x", 99, "FILL")
    book(ledger, lease, happened("o", E.CANCEL, start=S.PARTIALLY_FILLED))
    with pytest.raises(errors.ForeignKeyViolation, match="y does not fit"):
        add(ledger, "y", 1, "COMPLETE")
    assert (state_of(ledger, "o"), count(ledger, "fills")) == ("CANCELLED", 1)
