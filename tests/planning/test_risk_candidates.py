"""What the gate takes in, and what it holds to be reducing."""

from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_tables import NAN, account, orders

from orderworks.planning.risk import RiskLimits
from orderworks.planning.risk.candidates import REQUIRED_COLUMNS, Candidates


@pytest.mark.parametrize("column", REQUIRED_COLUMNS)
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(ValueError, match=column):
        Candidates.from_frame(orders({}).drop(columns=column))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("strategy", None),
        ("symbol", None),
        ("side", "hold"),
        ("side", None),
        ("quantity", 0),
        ("quantity", -5),
        ("quantity", 2.5),
        ("quantity", NAN),
        ("quantity", "many"),
        ("holdings", NAN),
        ("open_buys", 0.5),
        ("open_sells", 0.5),
        ("quote_problem", "QUOTE_ODD"),
        ("decision_price", "dear"),
        ("quote_ts", "yesterday"),
    ],
)
def test_what_a_column_cannot_hold_is_named(column: str, value: Any) -> None:
    with pytest.raises(ValueError, match=column):
        Candidates.from_frame(orders({}, {"symbol": "MSFT"} | {column: value}))


@pytest.mark.parametrize(
    ("side", "quantity", "holdings", "open_buys", "open_sells", "reducing"),
    [
        ("sell", 100, 100, 0, 0, True),
        ("sell", 101, 100, 0, 0, False),
        ("buy", 100, -100, 0, 0, True),
        ("buy", 101, -100, 0, 0, False),
        ("buy", 1, 0, 0, 0, False),
        # A sale of what an open order is already selling would go short.
        ("sell", 50, 100, 0, 100, False),
        ("sell", 50, 100, 0, 50, True),
        # A sale of what has only been ordered would go short if that order does not fill.
        ("sell", 50, 0, 100, 0, False),
        ("buy", 50, -100, 80, 0, False),
        # Open orders of both sides do not make up for each other: one may fill without the other.
        ("sell", 50, 100, 100, 100, False),
        ("buy", 50, -100, 100, 100, False),
    ],
)
def test_reducing(
    side: str, quantity: int, holdings: int, open_buys: int, open_sells: int, reducing: bool
) -> None:
    row = {"side": side, "quantity": quantity}
    row |= {"holdings": holdings, "open_buys": open_buys, "open_sells": open_sells}
    assert Candidates.from_frame(orders(row)).reducing.tolist() == [reducing]


def test_two_exits_from_one_position_do_not_both_reduce() -> None:
    sale = {"side": "sell", "quantity": 100, "holdings": 100}
    table = orders(sale, sale | {"strategy": "value"}, sale | {"symbol": "MSFT"})
    assert Candidates.from_frame(table).reducing.tolist() == [True, False, True]


@given(
    st.integers(-4, 4),
    st.integers(0, 4),
    st.integers(0, 4),
    st.lists(st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 4)), max_size=4),
)
def test_a_reducing_order_reduces_whatever_else_fills(
    holdings: int, open_buys: int, open_sells: int, trades: list[tuple[str, int]]
) -> None:
    rows = [{"side": side, "quantity": quantity} for side, quantity in trades]
    account_facts = {"holdings": holdings, "open_buys": open_buys, "open_sells": open_sells}
    candidates = Candidates.from_frame(orders(*(row | account_facts for row in rows)))
    signed = candidates.signed.tolist()
    for row, own in enumerate(signed):
        outcomes = product(*({0, trade} for trade in [open_buys, -open_sells, *signed[:row]]))
        befores = [holdings + sum(filled) for filled in outcomes]
        growth = max(abs(before + own) - abs(before) for before in befores)
        assert candidates.growth[row] == growth
        assert candidates.reducing[row] == (growth == -abs(own))


@pytest.mark.parametrize("column", ["holdings", "open_buys", "open_sells"])
def test_rows_of_one_symbol_must_agree_on_the_book(column: str) -> None:
    with pytest.raises(ValueError, match=f"{column} must be the account's.* row 0"):
        Candidates.from_frame(orders({column: 100}, {column: 50, "strategy": "value"}))


def test_limits_and_facts_must_be_numbers() -> None:
    with pytest.raises(ValueError, match="max_drawdown_pct"):
        RiskLimits(max_drawdown_pct=NAN)
    with pytest.raises(ValueError, match="max_order_quantity"):
        RiskLimits(max_order_quantity=-1)
    with pytest.raises(ValueError, match="equity"):
        account(equity=NAN)


def test_columns_of_a_file_are_taken_as_they_come() -> None:
    """Missing values of any kind, categories, and quantities that a join made float."""
    table = orders({}, {"symbol": "MSFT", "quote_problem": "QUOTE_STALE"})
    table["quantity"] = table["quantity"].astype("float64")
    table["adv"] = pd.array([None, 5.0], dtype="Float64")
    table["symbol"] = table["symbol"].astype("category")
    candidates = Candidates.from_frame(table)
    assert candidates.quantity.tolist() == [100, 100]
    assert pd.isna(candidates.adv).tolist() == [True, False]
    assert candidates.problem.tolist() == [None, "QUOTE_STALE"]
