"""What an execution costs over the market's price, to every digit of the published numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_books import barred, book_of, buy, played, recorded, sell

from orderworks.brokers.simulated.matching.resting import Execution, Resting
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.brokers.simulated.matching.slippage import (
    FixedBasisPoints,
    Impact,
    SquareRoot,
    Taking,
    VolumeShare,
)
from orderworks.market.tape import dollars

FIXED = FixedBasisPoints(Decimal(5), Decimal("0.1"))


def filled(close: str, volume: int, impact: Impact, order: Resting) -> tuple[int, Decimal]:
    """Shares and price of the execution of an order in one bar at one price."""
    price = int(Decimal(close) * 10_000)
    tape = barred([(1, price, price, price, price, volume)])
    rules = Rules(participation_cap=1.0, impact=impact)
    (one,) = [
        one for one in played(book_of(tape, order, rules=rules)) if isinstance(one, Execution)
    ]
    sign = 1 if order.is_buy else -1
    return one.quantity, dollars(one.price) + sign * one.slippage


# The numbers of zipline's test suite, tests/finance/test_slippage.py.
@pytest.mark.parametrize(
    ("close", "volume", "impact", "order", "quantity", "price"),
    [
        ("3.00", 200, VolumeShare(), buy(1, 100), 5, "3.0001875"),
        ("3.50", 2_000, VolumeShare(), buy(1, 100, 36_000), 50, "3.50021875"),
        ("3.50", 2_000, VolumeShare(), sell(1, 100, 34_000), 50, "3.49978125"),
        ("3.00", 200, FIXED, buy(1, 100), 20, "3.0015"),
        ("3.00", 200, FIXED, sell(1, 100), 20, "2.9985"),
    ],
)
def test_the_published_numbers(
    close: str, volume: int, impact: Impact, order: Resting, quantity: int, price: str
) -> None:
    assert filled(close, volume, impact, order) == (quantity, Decimal(price))


def test_square_root_impact_grows_with_the_root_of_what_is_filled() -> None:
    model = SquareRoot(Decimal("0.8")).of(Decimal("0.02"), Decimal(1_000_000))
    quarter = model.amount(Taking(Decimal(100), 2_500, 2_500, 10_000))
    whole = model.amount(Taking(Decimal(100), 10_000, 10_000, 10_000))
    # 0.8 * 0.02 * sqrt(0.01) of 100 dollars
    assert (quarter, whole) == (Decimal("0.08"), Decimal("0.16"))


def test_what_orders_take_of_one_bar_adds_up() -> None:
    tape = recorded([(1, 29_900, 30_000, 900, 900)], [(1, 30_000, 30_000, 2_000)])
    rules = Rules(participation_cap=1.0, impact=VolumeShare())
    first, second = played(book_of(tape, buy(1, 25), buy(2, 100), rules=rules))
    assert isinstance(first, Execution)
    assert isinstance(second, Execution)
    assert (first.quantity, second.quantity) == (25, 25)
    assert (first.slippage, second.slippage) == (Decimal("0.000046875"), Decimal("0.0001875"))


@given(st.integers(10_000, 10_300), st.integers(1, 500), st.booleans())
def test_a_limit_is_never_slipped_beyond(limit: int, basis_points: int, is_buy: bool) -> None:
    tape = barred(
        [(1, 10_200, 10_200, 10_200, 10_200, 1_000), (2, 9_000, 11_000, 9_000, 10_200, 9)]
    )
    order = buy(1, 1_000, limit) if is_buy else sell(1, 1_000, limit)
    order.arrived = -2
    impact = FixedBasisPoints(Decimal(basis_points))
    book = book_of(tape, order, rules=Rules(participation_cap=1.0, impact=impact))
    happened = [one for one in played(book) if isinstance(one, Execution)]
    for one in happened:
        market = dollars(one.price)
        room = abs(dollars(limit) - market)
        assert one.slippage == min(market * basis_points / 10_000, room)
    assert happened or (limit < 10_200 if is_buy else limit > 10_200)
