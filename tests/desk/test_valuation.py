"""What an account is marked at where the market has no price of what it holds."""

from decimal import Decimal
from fractions import Fraction

import pytest
from working_orders import ACCOUNT, CASH, SESSION, at, fill, happened, order, plan_orders, send

from orderworks.desk.desk import Desk
from orderworks.desk.valuation import value_account
from orderworks.ledger.corporate_actions import book_corporate_actions
from orderworks.ledger.listings import positions
from orderworks.ledger.movements import book
from orderworks.model.corporate_action import ActionKind, AppliedAction
from orderworks.model.order import Side
from orderworks.model.state import OrderEvent, OrderState

UNQUOTED = "GONE"


def traded(desk: Desk, name: str, side: Side, quantity: int, price: str, seconds: float) -> None:
    """An order in a symbol that the market has neither a quote nor a close of, filled whole."""
    one = order(name, quantity, symbol=UNQUOTED, side=side.value, algo="none")
    plan_orders(desk.ledger, one, run_key=name)
    send(desk.ledger, desk.held_lease, one)
    events = happened(name, OrderEvent.ACKNOWLEDGE, OrderEvent.COMPLETE, start=OrderState.PENDING)
    done = fill(
        f"x{name}", name, quantity, symbol=UNQUOTED, side=side, price=Decimal(price), ts=at(seconds)
    )
    book(desk.ledger, desk.held_lease, events, [done])


async def test_what_was_sold_at_a_gain_is_not_marked_at_the_money_that_is_left_in_it(
    desk: Desk,
) -> None:
    """1,000 bought at 10, 900 sold at 30: the rest pays from -170 a share on, and no market does."""
    traded(desk, "b", Side.BUY, 1000, "10", 10)
    traded(desk, "s", Side.SELL, 900, "30", 20)
    found = positions(desk.ledger, ACCOUNT, symbol=UNQUOTED)
    held = dict(zip(found.columns, found.rows[0], strict=True))
    assert (held["quantity"], held["break_even_price"], held["cost"]) == (100, -170, -17_000)
    valued = value_account(desk)
    assert valued.marks[UNQUOTED] == 30
    assert valued.equity == pytest.approx(float(CASH) + 17_000 - 2 + 100 * 30)
    assert valued.gross_exposure >= 100 * 30


async def test_the_last_execution_is_a_price_in_todays_shares(desk: Desk) -> None:
    traded(desk, "b", Side.BUY, 100, "30", 10)
    split = AppliedAction(
        "s", SESSION, UNQUOTED, ActionKind.SPLIT, Fraction(3), None, 200, Decimal(0), at(15)
    )
    book_corporate_actions(desk.ledger, desk.held_lease, [split])
    assert value_account(desk).marks[UNQUOTED] == 10
    traded(desk, "s", Side.SELL, 100, "11", 20)
    assert value_account(desk).marks[UNQUOTED] == 11


@pytest.mark.parametrize(("cost", "mark"), [(900, 9.0), (-900, 0.0)])
async def test_what_was_never_traded_here_is_marked_at_what_it_was_taken_over_for(
    desk: Desk, cost: int, mark: float
) -> None:
    """Where that is below 0, no price of it is known at all, and it counts for nothing."""
    desk.ledger.execute(
        "INSERT INTO positions (account, symbol, quantity, cost) VALUES (%s, %s, 100, %s)",
        (ACCOUNT, UNQUOTED, cost),
    )
    assert value_account(desk).marks[UNQUOTED] == mark
