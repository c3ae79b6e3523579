"""The books against a snapshot: what it proves heals once, and what differs is named."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from working_orders import ACCOUNT, CASH, LIMIT, at, family, fill, order

from orderworks.brokers.adapter import BrokerOrder, Snapshot
from orderworks.desk.booking import book_reports
from orderworks.desk.comparison import (
    Break,
    BreakKind,
    absent,
    differences,
    evidence,
    late_commissions,
)
from orderworks.ledger.orders import OrderMap
from orderworks.model.fill import Fill
from orderworks.model.portfolio import Portfolio, Position
from orderworks.model.state import AT_BROKER, OrderState

S, K = OrderState, BreakKind
NOTHING = Portfolio(ACCOUNT, CASH, {})


def theirs(
    name: str, quantity: int, filled: int = 0, state: OrderState = S.SUBMITTED, **changes: Any
) -> BrokerOrder:
    """An order as the broker shows it."""
    shown = BrokerOrder(
        f"at-broker:{name}", name, "AAPL", "buy", quantity, filled, state, None, at(5), LIMIT
    )
    return shown._replace(**changes)


def snapshot(
    *orders: BrokerOrder, executions: tuple[Fill, ...] = (), portfolio: Portfolio = NOTHING
) -> Snapshot:
    return Snapshot(at(10), portfolio, orders, executions)


def ours(*quantities: int, **changes: Any) -> OrderMap:
    """A started parent and its children, all resting at the broker if not told otherwise."""
    parent, *children = family("p", *quantities)
    parent.state = S.SUBMITTED
    sent = [replace(child, state=S.SUBMITTED, attempts=1) for child in children]
    children = [replace(child, **changes) for child in sent]
    return {one.client_order_id: one for one in (parent, *children)}


def found(
    seen: Snapshot,
    orders: OrderMap,
    booked: Portfolio = NOTHING,
    executions: tuple[str, ...] = (),
) -> list[Break]:
    return differences(seen, orders, booked, set(executions))


# Each kind of break ----------------------------------------------------------------------------


def test_equal_books_have_no_break() -> None:
    held = Portfolio(ACCOUNT, CASH, {"AAPL": Position("AAPL", 5, Decimal(100))})
    same = Portfolio(ACCOUNT, CASH + Decimal("0.0099"), held.positions)
    orders = ours(10, state=S.PARTIALLY_FILLED, filled_quantity=5)
    seen = snapshot(
        theirs("p-0", 10, 5, S.PARTIALLY_FILLED),
        executions=(fill("x1", "p-0", 5),),
        portfolio=same,
    )
    assert found(seen, orders, held, ("x1",)) == []


def test_an_order_of_ours_that_the_ledger_does_not_have() -> None:
    assert found(snapshot(theirs("ow-1", 10)), {}) == [
        Break(K.UNKNOWN_ORDER, "ow-1", "none", "SUBMITTED", "AAPL")
    ]


def test_an_order_of_which_the_broker_does_not_say_whether_it_lives() -> None:
    seen = snapshot(theirs("p-0", 10, state=S.UNKNOWN))
    assert found(seen, ours(10, state=S.UNKNOWN)) == [
        Break(K.WRONG_STATE, "p-0", "UNKNOWN", "UNKNOWN", "AAPL")
    ]


def test_an_order_of_somebody_else() -> None:
    by_hand = theirs("", 10, broker_order_id="81")
    assert found(snapshot(by_hand, theirs("other", 5)), {}) == [
        Break(K.FOREIGN_ORDER, "81", "none", "SUBMITTED", "AAPL"),
        Break(K.FOREIGN_ORDER, "other", "none", "SUBMITTED", "AAPL"),
    ]


def test_another_state() -> None:
    seen = snapshot(theirs("p-0", 10, state=S.CANCELLED))
    assert found(seen, ours(10)) == [Break(K.WRONG_STATE, "p-0", "SUBMITTED", "CANCELLED", "AAPL")]


@pytest.mark.parametrize("state", [S.SUBMITTED, S.PARTIALLY_FILLED])
def test_an_order_that_the_broker_does_not_show(state: OrderState) -> None:
    assert found(snapshot(), ours(10, state=state)) == [
        Break(K.WRONG_STATE, "p-0", state.value, "not shown", "AAPL")
    ]


@pytest.mark.parametrize(("quantity", "filled"), [(11, 0), (10, 3)])
def test_another_quantity(quantity: int, filled: int) -> None:
    assert found(snapshot(theirs("p-0", quantity, filled)), ours(10)) == [
        Break(K.QUANTITY, "p-0", "0 of 10", f"{filled} of {quantity}", "AAPL")
    ]


def test_a_fill_that_is_not_booked() -> None:
    seen = snapshot(executions=(fill("x1", "p-0", 5), fill("x2", "by-hand", 7)))
    orders = ours(10, state=S.CANCELLED)
    assert found(seen, orders, executions=("x1",)) == [
        Break(K.MISSING_FILL, "x2", "not booked", "7 @ 100.01", "AAPL")
    ]


def test_two_orders_of_one_name() -> None:
    twice = snapshot(theirs("p-0", 10), theirs("p-0", 10, broker_order_id="2"))
    assert found(twice, ours(10)) == [Break(K.TWO_ORDERS, "p-0", "1 order", "2 orders", "AAPL")]


def test_orders_of_somebody_else_may_share_a_name() -> None:
    by_hand = [theirs("", 10, broker_order_id=number) for number in ("81", "82")]
    assert {one.kind for one in found(snapshot(*by_hand), {})} == {K.FOREIGN_ORDER}


def test_positions_and_cash() -> None:
    booked = Portfolio(ACCOUNT, CASH, {"AAPL": Position("AAPL", 5, Decimal(100))})
    broker = Portfolio(
        ACCOUNT, CASH - Decimal("0.01"), {"MSFT": Position("MSFT", -2, Decimal(400))}
    )
    assert found(snapshot(portfolio=broker), {}, booked) == [
        Break(K.POSITION, "AAPL", "5", "0", "AAPL"),
        Break(K.POSITION, "MSFT", "0", "-2", "MSFT"),
        Break(K.CASH, ACCOUNT, "1000000.00", "999999.99"),
    ]


# What may be concluded from absence ------------------------------------------------------------


def test_only_what_the_broker_has_or_may_have_can_be_absent() -> None:
    orders = {
        state.value: order(f"p-{n}", 10, state=state, client_order_id=state.value)
        for n, state in enumerate(OrderState)
    } | {"parent": order("p", 10, state=S.UNKNOWN)}
    missing = absent(snapshot(), orders.values())
    assert {one.state for one in missing} == AT_BROKER
    held = {name: replace(one, held=True) for name, one in orders.items()}
    assert absent(snapshot(), held.values()) == []
    assert all(one.parent_id for one in missing)
    shown = snapshot(theirs("PENDING", 10), executions=(fill("x1", "UNKNOWN", 1),))
    assert {one.state for one in absent(shown, orders.values())} == {
        S.SUBMITTED,
        S.PARTIALLY_FILLED,
    }


# What evidence heals ---------------------------------------------------------------------------

OUTCOMES = (
    S.SUBMITTED,
    S.PARTIALLY_FILLED,
    S.FILLED,
    S.CANCELLED,
    S.REJECTED,
    S.EXPIRED,
)


@st.composite
def truths(draw: st.DrawFn) -> tuple[list[int], list[BrokerOrder], list[Fill]]:
    """Quantities of children, and the orders and executions that the broker has of them."""
    quantities = draw(st.lists(st.integers(1, 50), min_size=1, max_size=4))
    orders, executions = [], []
    for number, quantity in enumerate(quantities):
        name, outcome = f"p-{number}", draw(st.sampled_from(OUTCOMES))
        if outcome is S.PARTIALLY_FILLED and quantity == 1:
            outcome = S.SUBMITTED
        filled = 0
        if outcome is S.FILLED:
            filled = quantity
        elif outcome is S.PARTIALLY_FILLED:
            filled = draw(st.integers(1, quantity - 1))
        elif outcome in (S.CANCELLED, S.EXPIRED):
            filled = draw(st.integers(0, quantity - 1))
        orders.append(theirs(name, quantity, filled, outcome))
        first = draw(st.integers(0, filled))
        executions += [
            fill(f"x{number}.{part}", name, size)
            for part, size in enumerate((first, filled - first))
            if size
        ]
    return quantities, orders, executions


@given(truth=truths(), data=st.data())
def test_evidence_heals_once_whatever_the_order(
    truth: tuple[list[int], list[BrokerOrder], list[Fill]], data: st.DataObject
) -> None:
    """However little was heard before, the books are the broker's after one snapshot."""
    quantities, orders, executions = truth
    books = ours(*quantities)
    books["p"].state = S.NEW
    known: set[str] = set()
    for child in list(books.values())[1:]:
        before = [S.NEW, *sorted(AT_BROKER - {S.PARTIALLY_FILLED})]
        child.state = data.draw(st.sampled_from(before))
    portfolio = Portfolio(
        ACCOUNT,
        CASH + sum(one.cash_change for one in executions),
        {"AAPL": Position("AAPL", sum(one.quantity for one in executions), Decimal(1))}
        if executions
        else {},
    )
    for _ in range(2):
        seen = snapshot(
            *data.draw(st.permutations(orders)),
            executions=tuple(data.draw(st.permutations(executions))),
            portfolio=portfolio,
        )
        booking = book_reports(evidence(seen, books, {}), books, dict.fromkeys(known, 0))
        if known or not executions:
            assert not booking.fills
        assert {one.exec_id for one in booking.fills} == {e.exec_id for e in executions} - known
        known |= {one.exec_id for one in executions}
        assert evidence(seen, books, {}, known) == []
        assert {one.kind for one in booking.anomalies} <= {"RESURFACED"}
        assert found(seen, books, portfolio, tuple(known)) == []
        assert absent(seen, books.values()) == []
    assert (booking.events, booking.fills, booking.anomalies) == ([], [], [])


def test_an_order_ends_with_what_it_filled() -> None:
    """A cancelled order's fills are no late fills when one snapshot shows both."""
    books = ours(10)
    seen = snapshot(theirs("p-0", 10, 4, S.CANCELLED), executions=(fill("x1", "p-0", 4),))
    booking = book_reports(evidence(seen, books, {}), books)
    assert [event.event.value for event in booking.events if event.client_order_id == "p-0"] == [
        "FILL",
        "CANCEL",
    ]
    assert not booking.anomalies


@pytest.mark.parametrize("state", [S.PENDING, S.UNKNOWN])
def test_a_state_that_says_nothing_is_no_evidence(state: OrderState) -> None:
    books = ours(10, state=S.UNKNOWN)
    assert evidence(snapshot(theirs("p-0", 10, state=state)), books, {}) == []


def test_nothing_is_said_of_orders_that_are_not_ours() -> None:
    seen = snapshot(theirs("ow-1", 10), executions=(fill("x1", "ow-1", 1),))
    assert evidence(seen, ours(10), {}) == []


def test_what_ended_for_us_is_not_revived() -> None:
    """A person must look: the broker shows as live what was confirmed to be cancelled."""
    books = ours(10, state=S.CANCELLED)
    seen = snapshot(theirs("p-0", 10))
    assert evidence(seen, books, {}) == []
    assert found(seen, books) == [Break(K.WRONG_STATE, "p-0", "CANCELLED", "SUBMITTED", "AAPL")]


@pytest.mark.parametrize("other", [S.SUBMITTED, S.UNKNOWN, S.FILLED])
def test_one_of_whose_name_another_lives_has_not_ended(other: OrderState) -> None:
    """Else nobody would cancel the other."""
    books = ours(10, held=True)
    twins = [theirs("p-0", 10, state=S.CANCELLED), theirs("p-0", 10, state=other)]
    booking = book_reports(evidence(snapshot(*twins), books, {}), books)
    over = other is S.FILLED
    assert books["p-0"].state is (S.CANCELLED if over else S.SUBMITTED)
    assert books["p-0"].held is not over
    assert not booking.anomalies


@pytest.mark.parametrize(
    ("shown", "replaces", "booked", "changes"),
    [
        ("1.25", None, "0", True),
        ("1.25", None, "1", True),
        ("1.25", None, "1.250", False),
        ("0", None, "1", False),
        ("1.25", None, None, False),
        ("1.25", "x.0", "0", True),
        ("1.25", "x.0", "1", False),
    ],
)
def test_what_an_execution_cost_is_corrected_where_it_was_booked_otherwise(
    shown: str, replaces: str | None, booked: str | None, changes: bool
) -> None:
    execution = fill("x.1", "p-0", 5, commission=Decimal(shown), replaces=replaces)
    seen = snapshot(executions=(execution, fill("y.1", "by-hand", 5)))
    costs = {} if booked is None else {"x.1": Decimal(booked), "y.1": Decimal(0)}
    told = [one.fill for one in late_commissions(seen, ours(10), costs)]
    corrected = replace(execution, exec_id="x.1/fee", replaces="x.1")
    assert told == ([corrected] if changes else [])
