"""An execution moves its order, its parent, the position and the cash, once, or nothing at all."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_columns import ORDER_COLUMNS
from psycopg import errors
from working_orders import (
    ACCOUNT,
    CASH,
    at,
    count,
    family,
    fill,
    open_books,
    order,
    plan_orders,
    row,
    send_first_of_two,
)

from orderworks.ledger.accounts import booked_portfolio, open_account
from orderworks.ledger.bulk import copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import book
from orderworks.ledger.runs import start_run
from orderworks.model.order import Side


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    return send_first_of_two(ledger)


def test_an_execution_is_booked_once_an_account(ledger: Ledger, lease: Lease) -> None:
    book(ledger, lease, [], [fill("x1", "p-0", 10)])
    with pytest.raises(errors.UniqueViolation):
        book(ledger, lease, [], [fill("x2", "p-0", 1), fill("x1", "p-0", 10)])
    assert booked_portfolio(ledger, ACCOUNT).positions["AAPL"].quantity == 10


def test_the_same_execution_number_of_another_account_is_another(
    ledger: Ledger, lease: Lease
) -> None:
    book(ledger, lease, [], [fill("x1", "p-0", 10)])
    other = open_books(ledger, "SIM-2")
    run = start_run(ledger, "SIM-2", "daily", "daily", at(0).date(), {})
    theirs = order("q", 10, account="SIM-2")
    copy_rows(ledger, "orders", ("run_id", *ORDER_COLUMNS), [(run.run_id, *row(theirs))])
    book(ledger, other, [], [fill("x1", "q", 10)])
    assert booked_portfolio(ledger, "SIM-2").positions["AAPL"].quantity == 10


def test_fills_do_not_exceed_the_quantity(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(errors.CheckViolation):
        book(ledger, lease, [], [fill("x1", "p-0", 61)])
    book(ledger, lease, [], [fill("x1", "p-0", 60)])
    with pytest.raises(errors.CheckViolation):
        book(ledger, lease, [], [fill("x2", "p-0", 1)])


def test_a_fill_fits_its_order(ledger: Ledger, lease: Lease) -> None:
    other = open_books(ledger, "SIM-2")
    for holder, stray in (
        (lease, fill("x1", "p-0", 1, symbol="MSFT")),
        (lease, fill("x1", "p-0", 1, side=Side.SELL)),
        (lease, fill("x1", "nobody", 1)),
        (other, fill("x1", "p-0", 1)),
    ):
        with pytest.raises(errors.ForeignKeyViolation, match="x1 does not fit"):
            book(ledger, holder, [], [stray])
    book(ledger, lease, [], [fill("x1", "p-0", 1)])


def test_a_fill_moves_the_cash_or_nothing(ledger: Ledger) -> None:
    """Before the opening balances are booked there is no cash that could move."""
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    plan_orders(ledger, *family("p", 10))
    columns = ("account", "exec_id", "client_order_id", "symbol", "side", "quantity", "price")
    with pytest.raises(errors.ForeignKeyViolation, match="opening balances"):
        copy_rows(
            ledger,
            "fills",
            (*columns, "commission", "ts"),
            [(ACCOUNT, "x1", "p-0", "AAPL", "buy", 10, Decimal(100), Decimal(1), at(1))],
        )
    assert booked_portfolio(ledger, ACCOUNT).positions == {}


AMOUNTS = st.decimals(Decimal("0.0001"), Decimal("9999"), places=4)
EXECUTIONS = st.lists(
    st.tuples(
        st.sampled_from(["b-0", "b-1", "s-0", "m-0"]),
        st.integers(1, 40),
        AMOUNTS,
        st.decimals(Decimal("-1"), Decimal("20"), places=4),
    ),
    max_size=25,
)


@given(executions=EXECUTIONS, batch=st.integers(1, 10))
@settings(
    max_examples=settings.default.max_examples // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_books_move_with_the_fills(
    ledger: Ledger, executions: list[tuple[str, int, Decimal, Decimal]], batch: int
) -> None:
    """Orders, parents, positions and cash are the sums of the fills, however they are batched."""
    with ledger.transaction(force_rollback=True):
        lease = open_books(ledger)
        plan_orders(
            ledger,
            *family("b", 2000, 2000),
            *(replace(one, side="sell") for one in family("s", 2000)),
            *(replace(one, symbol="MSFT") for one in family("m", 2000)),
        )
        fills = [
            fill(
                f"x{number}",
                name,
                quantity,
                price=price,
                commission=commission,
                symbol="MSFT" if name == "m-0" else "AAPL",
                side=Side.SELL if name == "s-0" else Side.BUY,
            )
            for number, (name, quantity, price, commission) in enumerate(executions)
        ]
        for begin in range(0, len(fills), batch):
            book(ledger, lease, [], fills[begin : begin + batch])

        assert booked_portfolio(ledger, ACCOUNT).cash == CASH + sum(f.cash_change for f in fills)
        for symbol in ("AAPL", "MSFT"):
            held = ledger.execute(
                "SELECT quantity, cost FROM positions WHERE symbol = %s", (symbol,)
            ).fetchone() or {"quantity": 0, "cost": 0}
            own = [f for f in fills if f.symbol == symbol]
            assert held["quantity"] == sum(f.side.sign * f.quantity for f in own)
            assert held["cost"] == sum(f.side.sign * f.quantity * f.price for f in own)
        for found in ledger.execute(
            "SELECT client_order_id AS name, filled_quantity, filled_notional, commission FROM orders"
        ):
            own = [f for f in fills if f.client_order_id.startswith(found["name"])]
            assert found["filled_quantity"] == sum(f.quantity for f in own)
            assert found["filled_notional"] == sum(f.quantity * f.price for f in own)
            assert found["commission"] == sum(f.commission for f in own)


def test_a_statement_that_fails_moves_nothing(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(errors.CheckViolation):
        book(ledger, lease, [], [fill("x1", "p-0", 30), fill("x2", "p-0", 31)])
    books = booked_portfolio(ledger, ACCOUNT)
    assert (books.cash, books.positions, count(ledger, "fills")) == (CASH, {}, 0)
