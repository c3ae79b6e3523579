"""A correction moves order, parent, position and cash by what it changes, and a bust takes it all back."""

from decimal import Decimal

import pytest
from psycopg import errors
from working_orders import (
    ACCOUNT,
    CASH,
    family,
    fill,
    happened,
    open_books,
    plan_orders,
    send,
    state_of,
)

from orderworks.ledger.accounts import booked_portfolio
from orderworks.ledger.booked_executions import (
    booked_commissions,
    booked_executions,
    standing_reports,
)
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import book
from orderworks.ledger.orders import orders_by_id
from orderworks.model.fill import Fill
from orderworks.model.state import OrderEvent as E
from orderworks.model.state import OrderState as S

QUANTITY = 100


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    """A slice of 100 that rests at the broker."""
    taken = open_books(ledger)
    planned = family("p", QUANTITY)
    plan_orders(ledger, *planned)
    send(ledger, taken, planned[1])
    steps = happened("p-0", E.ACKNOWLEDGE, start=S.PENDING) + happened("p", E.START)
    book(ledger, taken, steps)
    return taken


def corrects(exec_id: str, replaces: str, quantity: int, price: str = "100.01") -> Fill:
    return fill(exec_id, "p-0", quantity, replaces=replaces, price=Decimal(price))


def require_books(ledger: Ledger, *standing: Fill) -> None:
    """Orders, position, cash and executions are those of these executions alone."""
    shares = sum(one.quantity for one in standing)
    for order in orders_by_id(ledger, ["p-0"]).values():
        assert order.filled_quantity == shares
    booked = booked_portfolio(ledger, ACCOUNT)
    assert booked.cash == CASH + sum((one.cash_change for one in standing), start=Decimal(0))
    held = booked.positions.get("AAPL")
    assert (held.quantity if held else 0) == shares
    found = ledger.execute("SELECT exec_id FROM executions ORDER BY exec_id").fetchall()
    assert [row["exec_id"] for row in found] == sorted(one.exec_id for one in standing)


def test_a_correction_takes_the_place_of_what_it_corrects(ledger: Ledger, lease: Lease) -> None:
    first, other = fill("x.1", "p-0", 40), fill("y.1", "p-0", 20)
    book(ledger, lease, [], [first, other])
    less = corrects("x.2", "x.1", 30, "99.50")
    book(ledger, lease, [], [less])
    require_books(ledger, less, other)
    more = corrects("x.3", "x.2", 50)
    book(ledger, lease, [], [more])
    require_books(ledger, more, other)
    assert booked_executions(ledger, ACCOUNT, ["x.1", "x.3", "z"]) == {"x.1": 40, "x.3": 50}
    costs = booked_commissions(ledger, ACCOUNT, ["x.1", "x.2", "x.3", "z"])
    assert costs == {"x.1": None, "x.2": None, "x.3": more.commission}
    assert standing_reports(ledger, ACCOUNT, ["x.1", "x.2", "x.3", "y.1", "z"]) == {
        "x.1": "x.3",
        "x.2": "x.3",
    }


def test_a_bust_takes_back_all_of_it(ledger: Ledger, lease: Lease) -> None:
    book(ledger, lease, [], [fill("x.1", "p-0", 40)])
    free = fill("x.2", "p-0", 0, replaces="x.1", commission=Decimal(0))
    book(ledger, lease, [], [free])
    booked = booked_portfolio(ledger, ACCOUNT)
    assert (booked.cash, booked.positions) == (CASH, {})
    assert ledger.execute("SELECT 1 FROM executions").fetchall() == []
    assert booked_commissions(ledger, ACCOUNT, ["x.1", "x.2"]) == {"x.1": None, "x.2": None}


def test_what_was_corrected_before_it_came_stands_for_nothing(ledger: Ledger, lease: Lease) -> None:
    early = corrects("x.2", "x.1", 30)
    book(ledger, lease, [], [early])
    require_books(ledger, early)
    assert booked_executions(ledger, ACCOUNT, ["x.1", "x.2"]) == {"x.1": 0, "x.2": 30}
    costs = booked_commissions(ledger, ACCOUNT, ["x.1", "x.2"])
    assert costs == {"x.1": None, "x.2": early.commission}


def test_an_execution_is_corrected_once(ledger: Ledger, lease: Lease) -> None:
    book(ledger, lease, [], [fill("x.1", "p-0", 40)])
    book(ledger, lease, [], [corrects("x.2", "x.1", 30)])
    with pytest.raises(errors.UniqueViolation):
        book(ledger, lease, [], [corrects("x.3", "x.1", 20)])
    with pytest.raises(errors.CheckViolation):
        book(ledger, lease, [], [corrects("x.4", "x.2", QUANTITY + 1)])


@pytest.mark.parametrize(("quantity", "event"), [(30, E.CORRECT), (0, E.BUST)])
def test_what_is_taken_back_of_a_filled_order_ends_it(
    ledger: Ledger, lease: Lease, quantity: int, event: E
) -> None:
    whole = fill("x.1", "p-0", QUANTITY)
    completed = [
        step for name in ("p-0", "p") for step in happened(name, E.COMPLETE, start=S.SUBMITTED)
    ]
    book(ledger, lease, completed, [whole])
    less = corrects("x.2", "x.1", quantity)
    book(
        ledger,
        lease,
        [step for name in ("p-0", "p") for step in happened(name, event, start=S.FILLED)],
        [less],
    )
    assert [state_of(ledger, name) for name in ("p-0", "p")] == [S.CANCELLED, S.CANCELLED]
    assert {order.filled_quantity for order in orders_by_id(ledger, ["p-0"]).values()} == {quantity}
