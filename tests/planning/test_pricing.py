"""Prices against a quote: the rules, and the vectorised grid against the scalar one."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.instrument import Instrument
from orderworks.model.order import Side
from orderworks.model.rounding import round_to_tick
from orderworks.planning.pricing import (
    PriceRule,
    exact_or_none,
    exact_prices,
    limit_prices,
    on_grid,
)


@pytest.mark.parametrize(
    ("rule", "buy", "sell"),
    [
        (PriceRule.NONE, None, None),
        (PriceRule.GIVEN, None, None),
        (PriceRule.NEAR_TOUCH, "99.90", "100.10"),
        (PriceRule.NEAR_OFFSET, "99.94", "100.05"),  # 99.94995 and 100.04995
        (PriceRule.MID_OFFSET, "100.05", "99.95"),
        (PriceRule.FAR_TOUCH, "100.10", "99.90"),
        (PriceRule.FAR_COLLAR, "100.20", "99.81"),  # 100.2001 and 99.8001
    ],
)
def test_the_price_rules(rule: PriceRule, buy: str | None, sell: str | None) -> None:
    prices = limit_prices(
        np.array([rule, rule], dtype=object),
        np.array([1, -1]),
        np.array([99.9, 99.9]),
        np.array([100.1, 100.1]),
        offset_pct=0.05,
        collar_pct=0.10,
    )
    assert exact_or_none(prices) == [
        None if price is None else Decimal(price) for price in (buy, sell)
    ]


def test_each_order_has_its_own_rule() -> None:
    rules = [PriceRule.FAR_TOUCH, PriceRule.NONE, PriceRule.NEAR_TOUCH, PriceRule.FAR_TOUCH]
    prices = limit_prices(
        np.array(rules, dtype=object),
        np.array([1, 1, -1, -1]),
        np.array([1.0, 2.0, 3.0, 4.0]),
        np.array([1.1, 2.1, 3.1, 4.1]),
        offset_pct=0.05,
        collar_pct=0.10,
    )
    assert exact_or_none(prices) == [Decimal("1.1"), None, Decimal("3.1"), Decimal("4.0")]


ON_CENTS = st.integers(100, 10**8).map(lambda cents: Decimal(cents) / 100)
ANYWHERE = st.decimals("0.0001", "999999.99", places=6)
AT_ONE_DOLLAR = st.decimals("0.9998", "1.02", places=6)


@given(st.lists(st.tuples(st.sampled_from(Side), ON_CENTS | ANYWHERE | AT_ONE_DOLLAR), min_size=1))
def test_the_grid_of_a_table_is_that_of_the_scalar(rows: list[tuple[Side, Decimal]]) -> None:
    prices = on_grid(
        np.array([float(price) for _, price in rows]), np.array([side.sign for side, _ in rows])
    )
    assert exact_prices(prices) == [
        round_to_tick(price, Instrument("X").tick_at(price), side, "limit") for side, price in rows
    ]


@given(st.sampled_from(Side), ON_CENTS, st.integers(-2, 2))
def test_float_noise_is_not_a_tick(side: Side, price: Decimal, steps: int) -> None:
    noisy = float(price)
    for _ in range(abs(steps)):
        noisy = math.nextafter(noisy, math.inf if steps > 0 else 0)
    assert exact_prices(on_grid(np.array([noisy]), np.array([side.sign]))) == [price]


def test_what_has_no_price_stays_without() -> None:
    assert np.isnan(on_grid(np.array([np.nan]), np.array([1]))).all()
    assert exact_or_none(np.array([np.nan, 10.01])) == [None, Decimal("10.01")]
