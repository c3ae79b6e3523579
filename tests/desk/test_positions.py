"""Whose shares a signal's target is netted against."""

import pandas as pd
import pytest
from working_orders import fill, happened, order, plan_orders, send

from orderworks.desk.desk import Desk
from orderworks.desk.positions import with_positions
from orderworks.desk.valuation import value_account
from orderworks.ledger.movements import book
from orderworks.ledger.orders import OrderRecord
from orderworks.model.order import Side
from orderworks.model.state import OrderEvent, OrderState


def traded(desk: Desk, name: str, strategy: str, side: str, quantity: int) -> None:
    """An order of a strategy that has filled whole."""
    plain = {"strategy": strategy, "side": side, "algo": "none"}
    one: OrderRecord = order(name, quantity, **plain)
    plan_orders(desk.ledger, one, run_key=name)
    lease = desk.held_lease
    send(desk.ledger, lease, one)
    events = happened(name, OrderEvent.ACKNOWLEDGE, OrderEvent.COMPLETE, start=OrderState.PENDING)
    book(desk.ledger, lease, events, [fill(f"x{name}", name, quantity, side=Side(side))])


def netted(desk: Desk, *strategies: str) -> list[int]:
    signals = pd.DataFrame({"strategy": strategies, "symbol": "AAPL"})
    return [int(shares) for shares in with_positions(desk, signals)["own_holdings"]]


@pytest.mark.parametrize("account_wide", ["rebalance", "flatten"])
async def test_what_was_sold_for_the_whole_account_is_not_owed_to_the_next_strategy(
    desk: Desk, account_wide: str
) -> None:
    """Else a strategy whose shares are gone would sell them a second time, short."""
    traded(desk, "a", "trend", "buy", 300)
    traded(desk, "b", account_wide, "sell", 300)
    assert netted(desk, "trend") == [0]
    traded(desk, "c", account_wide, "buy", 500)
    assert netted(desk, "trend") == [500]
    assert netted(desk, "carry", "trend") == [200, 300]


async def test_open_orders_are_counted_a_side_apart(desk: Desk) -> None:
    """One may fill without the other: the gate judges by the worse of the two.

    The desk's own plan buys another 100.
    """
    for name, strategy, side, quantity in (("a", "trend", "buy", 300), ("b", "value", "sell", 200)):
        plan_orders(
            desk.ledger,
            order(name, quantity, strategy=strategy, side=side, algo="none"),
            run_key=name,
        )
    signals = pd.DataFrame({"strategy": ["trend", "value"], "symbol": "AAPL"})
    table = with_positions(desk, signals)
    assert table["open_buys"].tolist() == [400, 400]
    assert table["open_sells"].tolist() == [200, 200]
    assert table["own_open_remaining"].tolist() == [300, -200]
    account = value_account(desk)
    assert (account.open_buys, account.open_sells) == ({"AAPL": 400}, {"AAPL": 200})
