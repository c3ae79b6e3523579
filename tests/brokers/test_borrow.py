"""What may be sold short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.brokers.simulated.borrow import ShortSales

COUNTS = st.integers(0, 1_000)
SHORTS = ShortSales(True, {"FEW": 50, "HARD": 0})


@pytest.mark.parametrize(
    ("symbol", "held", "selling", "quantity", "reason"),
    [
        ("EASY", 0, 0, 1_000_000, None),
        ("FEW", 0, 0, 50, None),
        ("FEW", 0, 0, 51, "50 shares of FEW can be borrowed, 51 needed"),
        ("FEW", 100, 0, 150, None),
        ("FEW", 100, 120, 31, "30 shares of FEW can be borrowed, 31 needed"),
        ("FEW", -45, 0, 6, "5 shares of FEW can be borrowed, 6 needed"),
        ("FEW", -45, 5, 1, "0 shares of FEW can be borrowed, 1 needed"),
        ("HARD", 10, 0, 10, None),
        ("HARD", 10, 0, 11, "0 shares of HARD can be borrowed, 1 needed"),
        ("HARD", 10, 10, 1, "0 shares of HARD can be borrowed, 1 needed"),
    ],
)
def test_a_short_sale_needs_shares_to_borrow(
    symbol: str, held: int, selling: int, quantity: int, reason: str | None
) -> None:
    expected = None if reason is None else f"short sale not possible: {reason}"
    assert SHORTS.refusal(symbol, held, selling, quantity) == expected


@given(borrowable=COUNTS, held=st.integers(-1_000, 1_000), orders=st.lists(COUNTS, max_size=8))
def test_no_admitted_sales_borrow_more_than_there_is(
    borrowable: int, held: int, orders: list[int]
) -> None:
    shorts = ShortSales(True, {"X": borrowable})
    selling = 0
    for quantity in orders:
        if shorts.refusal("X", held, selling, quantity) is None:
            selling += quantity
            assert quantity == 0 or selling - held <= borrowable


@given(held=st.integers(-1_000, 1_000), orders=st.lists(COUNTS, max_size=8))
def test_without_permission_no_more_is_sold_than_is_held(held: int, orders: list[int]) -> None:
    shorts = ShortSales(False)
    selling = 0
    for quantity in orders:
        if shorts.refusal("X", held, selling, quantity) is None:
            selling += quantity
    assert selling <= max(0, held)
