"""What positions ask for, against published examples, and what a budget carries, exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.brokers.simulated.margin import (
    AccountType,
    initial,
    largest_position,
    maintenance,
    margin,
)

D = Decimal
MARKS = st.decimals(D("0.0001"), D(2_000), places=4)
SHARES = st.integers(-100_000, 100_000)
TYPES: st.SearchStrategy[AccountType] = st.sampled_from(["margin", "cash"])


def test_a_purchase_of_80_000_asks_for_half() -> None:
    """80,000 bought with a loan of 40,000: no excess; at 70,000 equity is 30,000, below 35,000."""
    bought = margin(D(-40_000), {"X": 1_000}, {"X": D(80)})
    assert (bought.equity, bought.initial, bought.maintenance) == (40_000, 40_000, 20_000)
    assert (bought.buying_power, bought.is_called) == (0, False)
    fallen = margin(D(-40_000), {"X": 1_000}, {"X": D(70)})
    assert (fallen.equity, fallen.initial) == (30_000, 35_000)
    assert (fallen.buying_power, fallen.excess_liquidity) == (0, 12_500)


@pytest.mark.parametrize(("mark", "called"), [("53.34", False), ("53.33", True)])
def test_a_long_position_is_called_below_four_thirds_of_its_loan(mark: str, called: bool) -> None:
    """A loan of 40,000 / 75 % = 53,333."""
    assert margin(D(-40_000), {"X": 1_000}, {"X": D(mark)}).is_called is called


@pytest.mark.parametrize(("mark", "called"), [("92.30", False), ("92.31", True)])
def test_a_short_position_is_called_above_its_credit_by_130_per_cent(
    mark: str, called: bool
) -> None:
    """Proceeds of 80,000 and 40,000 of equity: 120,000 / 130 % = 92,308."""
    assert margin(D(120_000), {"X": -1_000}, {"X": D(mark)}).is_called is called


def test_buying_power_is_twice_the_excess() -> None:
    """2,000 at 10 with a debit of 5,000: 5,000 of excess buy another 10,000."""
    assert margin(D(-5_000), {"X": 2_000}, {"X": D(10)}).buying_power == 10_000


@pytest.mark.parametrize(
    ("shares", "mark", "asked"),
    [
        (1_000, "50", 15_000),
        (10_000, "5", 50_000),
        (10_000, "4.50", 45_000),
        (50_000, "1.00", 125_000),
        (10, "10", 50),
        (10, "16.66", 50),
        (10, "16.67", "50.01"),
    ],
)
def test_short_positions_ask_for_the_published_amounts(
    shares: int, mark: str, asked: str | int
) -> None:
    assert maintenance(-shares, D(mark), "margin") == D(asked)


def test_cheap_shares_ask_for_as_much_when_they_are_sold_short() -> None:
    assert initial(-100, D("1.00"), "margin") == 250
    assert initial(-100, D("8.00"), "margin") == 500
    assert initial(-100, D("12.00"), "margin") == 600
    assert initial(100, D("1.00"), "margin") == 50


def test_a_cash_account_pays_in_full_and_is_never_called() -> None:
    held = margin(D(1_000), {"X": 10}, {"X": D(50)}, "cash")
    assert (held.equity, held.initial, held.maintenance) == (1_500, 500, 0)
    assert held.buying_power == 1_000


@given(shares=SHARES, mark=MARKS, account_type=TYPES)
def test_opening_never_asks_for_less_than_keeping(
    shares: int, mark: Decimal, account_type: AccountType
) -> None:
    assert initial(shares, mark, account_type) >= maintenance(shares, mark, account_type) >= 0


@given(
    budget=st.decimals(D(-100), D(1_000_000), places=2),
    mark=MARKS,
    sign=st.sampled_from([1, -1]),
    account_type=TYPES,
)
def test_a_budget_carries_exactly_its_largest_position(
    budget: Decimal, mark: Decimal, sign: int, account_type: AccountType
) -> None:
    shares = largest_position(sign, mark, budget, account_type)
    assert shares == 0 or initial(sign * shares, mark, account_type) <= budget
    assert initial(sign * (shares + 1), mark, account_type) > budget
