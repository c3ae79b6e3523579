"""Splits and dividends in the books: once each, under the lease, and for ever."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors
from working_orders import (
    ACCOUNT,
    CASH,
    SESSION,
    at,
    count,
    family,
    fill,
    happened,
    open_books,
    order,
    plan_orders,
    send,
)

from orderworks.ledger.accounts import book_opening, booked_portfolio, open_account
from orderworks.ledger.connection import Ledger
from orderworks.ledger.corporate_actions import (
    OrderTerms,
    book_corporate_actions,
    change_terms,
    filled_through_splits,
)
from orderworks.ledger.facts import attributed_shares
from orderworks.ledger.leases import Lease, give_back, take_lease
from orderworks.ledger.movements import book
from orderworks.model.corporate_action import ActionKind, AppliedAction
from orderworks.model.errors import LeaseLost
from orderworks.model.portfolio import Portfolio, Position
from orderworks.model.state import OrderEvent

DIVIDEND = AppliedAction(
    "d", date(2025, 11, 21), "AAPL", ActionKind.DIVIDEND, None, Decimal("0.25"), 0, Decimal("25.00"), at(0)
)  # fmt: skip
SPLIT = AppliedAction(
    "s", date(2025, 11, 21), "AAPL", ActionKind.SPLIT, Fraction(3, 2), None, 51, Decimal("33.33"), at(0)
)  # fmt: skip


def holding(ledger: Ledger) -> Lease:
    """An account that holds 101 AAPL, bought at 90, and the right to work it."""
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    held = {"AAPL": Position("AAPL", 101, Decimal(90))}
    book_opening(ledger, Portfolio(ACCOUNT, CASH, held), SESSION, at(-300))
    lease = take_lease(ledger, ACCOUNT, "this test", 60)
    assert lease is not None
    return lease


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    return holding(ledger)


def test_an_action_moves_position_and_cash_once(ledger: Ledger, lease: Lease) -> None:
    assert book_corporate_actions(ledger, lease, [DIVIDEND]) == [DIVIDEND]
    assert book_corporate_actions(ledger, lease, [DIVIDEND, SPLIT]) == [SPLIT]
    assert book_corporate_actions(ledger, lease, [DIVIDEND, SPLIT]) == []
    books = booked_portfolio(ledger, ACCOUNT)
    assert books.cash == CASH + Decimal("58.33")
    assert books.positions["AAPL"].quantity == 152
    found = ledger.execute("SELECT cost FROM positions").fetchone()
    assert found == {"cost": 101 * 90 - Decimal("58.33")}


def test_what_the_opening_balances_hold_already_is_not_booked(ledger: Ledger, lease: Lease) -> None:
    assert book_corporate_actions(ledger, lease, [replace(DIVIDEND, at=at(-300))]) == []
    assert booked_portfolio(ledger, ACCOUNT).cash == CASH


def test_without_the_lease_no_action_is_booked(ledger: Ledger, lease: Lease) -> None:
    give_back(ledger, lease)
    with pytest.raises(LeaseLost):
        book_corporate_actions(ledger, lease, [DIVIDEND])
    assert count(ledger, "corporate_actions") == 0


def test_an_action_needs_cash_that_it_could_move(ledger: Ledger) -> None:
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    with pytest.raises(errors.ForeignKeyViolation, match="no opening balances"):
        ledger.execute(
            "INSERT INTO corporate_actions (account, action_id, ex_date, symbol, kind, amount, "
            "quantity_change, cash_change, at) VALUES (%s, 'd', %s, 'AAPL', 'dividend', 1, 0, 1, %s)",
            (ACCOUNT, SESSION, at(0)),
        )


@pytest.mark.parametrize("change", ["UPDATE {} SET amount = 9", "DELETE FROM {}", "TRUNCATE {}"])
def test_booked_actions_are_kept(ledger: Ledger, lease: Lease, change: str) -> None:
    book_corporate_actions(ledger, lease, [DIVIDEND])
    with pytest.raises(errors.RestrictViolation, match="append-only"):
        ledger.execute(change.format("corporate_actions").encode())


@pytest.mark.parametrize(
    ("kind", "new_shares", "old_shares", "amount", "shares"),
    [
        ("split", 2, None, None, 1),
        ("split", 2, 1, Decimal(1), 1),
        ("dividend", None, None, None, 0),
        ("dividend", None, None, Decimal(1), 1),
        ("merger", 2, 1, None, 1),
        ("split", 0, 1, None, 1),
    ],
)
def test_an_action_has_what_its_kind_asks_for(
    ledger: Ledger,
    lease: Lease,
    kind: str,
    new_shares: int | None,
    old_shares: int | None,
    amount: Decimal | None,
    shares: int,
) -> None:
    with pytest.raises(errors.CheckViolation):
        ledger.execute(
            "INSERT INTO corporate_actions (account, action_id, ex_date, symbol, kind, new_shares, "
            "old_shares, amount, quantity_change, cash_change, at) "
            "VALUES (%s, 'x', %s, 'AAPL', %s, %s, %s, %s, %s, 0, %s)",
            (ACCOUNT, SESSION, kind, new_shares, old_shares, amount, shares, at(0)),
        )


# Orders -----------------------------------------------------------------------------------------


def test_an_open_order_is_changed_and_nothing_else_changes_it(ledger: Ledger) -> None:
    lease = open_books(ledger)
    plan_orders(ledger, *family("p", 60))
    send(ledger, lease, order("p-0", 60))
    change_terms(ledger, [OrderTerms("p-0", 90, Decimal("66.70"))], at(5))
    found = ledger.execute(
        "SELECT quantity, limit_price, planned_quantity FROM orders WHERE client_order_id = 'p-0'"
    ).fetchone()
    assert found == {"quantity": 90, "limit_price": Decimal("66.70"), "planned_quantity": 60}
    with pytest.raises(errors.RestrictViolation, match="stays as it was"):
        ledger.execute("UPDATE orders SET quantity = 91 WHERE client_order_id = 'p-0'")
    with pytest.raises(errors.RestrictViolation, match="append-only"):
        ledger.execute("DELETE FROM changed_terms")


@pytest.mark.parametrize("name", ["none", "p-0"])
def test_an_order_that_is_not_open_is_not_changed(ledger: Ledger, name: str) -> None:
    lease = open_books(ledger)
    plan_orders(ledger, *family("p", 60))
    book(ledger, lease, happened("p-0", OrderEvent.WITHDRAW))
    with pytest.raises(errors.ForeignKeyViolation, match=f"order {name} is not open"):
        change_terms(ledger, [OrderTerms(name, 90)], at(5))


def test_each_strategy_holds_its_own_shares_through_splits(ledger: Ledger) -> None:
    """60 and 40 are bought, split 2 for 1, 20 more bought, split 1 for 4."""
    lease = open_books(ledger)
    first = family("p", 60, 20, algo="twap", strategy="momentum")
    second = family("q", 41, strategy="value")
    plan_orders(ledger, *first, *second)
    send(ledger, lease, *first[1:], *second[1:])
    book(ledger, lease, [], [fill("1", "p-0", 60), fill("2", "q-0", 41)])
    assert {(one.strategy, one.holdings) for one in attributed_shares(ledger, ACCOUNT)} == {
        ("momentum", 60),
        ("value", 41),
    }
    two = replace(SPLIT, ratio=Fraction(2), quantity_change=101, at=at(20))
    quarter = replace(SPLIT, action_id="t", ratio=Fraction(1, 4), quantity_change=-167, at=at(40))
    book_corporate_actions(ledger, lease, [two])
    book(ledger, lease, [], [fill("3", "p-1", 20, ts=at(30))])
    assert {(one.strategy, one.holdings) for one in attributed_shares(ledger, ACCOUNT)} == {
        ("momentum", 140),
        ("value", 82),
    }
    book_corporate_actions(ledger, lease, [quarter])
    assert {(one.strategy, one.holdings) for one in attributed_shares(ledger, ACCOUNT)} == {
        ("momentum", 35),
        ("value", 20),
    }


def test_what_an_order_filled_counts_in_todays_shares_as_it_was_corrected(ledger: Ledger) -> None:
    lease = open_books(ledger)
    entries = family("p", 60, 20)
    plan_orders(ledger, *entries)
    send(ledger, lease, *entries[1:])
    book(ledger, lease, [], [fill("1", "p-0", 60), fill("2", "p-1", 10)])
    assert filled_through_splits(ledger, ACCOUNT, ["p-0", "p-1"]) == {}
    book_corporate_actions(ledger, lease, [replace(SPLIT, at=at(20))])
    book(ledger, lease, [], [fill("3", "p-0", 41, replaces="1"), fill("4", "p-1", 5, ts=at(30))])
    assert filled_through_splits(ledger, ACCOUNT, ["p-0", "p-1"]) == {
        "p-0": Fraction(123, 2),
        "p-1": 20,
    }
    assert [one.holdings for one in attributed_shares(ledger, ACCOUNT)] == [81]


# Any number of them -----------------------------------------------------------------------------

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["AAPL", "MSFT"]),
        st.integers(-500, 500),
        st.decimals(Decimal(-100), Decimal(100), places=2),
    ),
    max_size=12,
)


@given(moves=ACTIONS, batch=st.integers(1, 5))
@settings(
    max_examples=settings.default.max_examples // 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_books_move_by_the_sum_of_the_actions_however_often_they_come(
    ledger: Ledger, moves: list[tuple[str, int, Decimal]], batch: int
) -> None:
    with ledger.transaction(force_rollback=True):
        lease = holding(ledger)
        actions = [
            replace(SPLIT, action_id=f"s{number}", symbol=symbol, quantity_change=shares, cash_change=cash)
            for number, (symbol, shares, cash) in enumerate(moves)
        ]  # fmt: skip
        for end in range(batch, len(actions) + batch, batch):
            book_corporate_actions(ledger, lease, actions[:end])
        books = booked_portfolio(ledger, ACCOUNT)
        assert books.cash == CASH + sum(cash for _, _, cash in moves)
        for symbol, before in (("AAPL", 101), ("MSFT", 0)):
            held = books.positions[symbol].quantity if symbol in books.positions else 0
            assert held == before + sum(shares for name, shares, _ in moves if name == symbol)
