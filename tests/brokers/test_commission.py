"""Commissions and regulatory fees against the published price lists."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.brokers.simulated.commission import (
    Schedule,
    fill_commission,
    fixed_schedule,
    ibkr_fixed,
    ibkr_tiered,
    per_share,
    tiered_schedule,
)
from orderworks.brokers.simulated.fees import SEC_FEE_PER_MILLION, TAF, rate_on, regulatory_fees

SHARES = st.integers(1, 10**7)
PRICES = st.decimals("0.0001", "5000", places=4)

NOT_POSITIVE = [math.nan, math.inf, 0, -1, "x", None]


@pytest.mark.parametrize(
    ("shares", "price", "expected"),
    [
        (100, 25, "1.00"),
        (1000, 25, "5.00"),
        (1000, 0.25, "2.50"),
        (10, "1", "0.10"),  # the cap is below the minimum, and wins
        (200, 25, "1.00"),
        (201, 25, "1.005"),
    ],
)
def test_ibkr_fixed(shares: int, price: Any, expected: str) -> None:
    assert ibkr_fixed(shares, price) == Decimal(expected)


@pytest.mark.parametrize(
    ("shares", "price", "month_to_date", "expected"),
    [
        (50, 25, 0, "0.35"),
        (1000, 25, 0, "3.50"),
        (1000, 25, 300_000, "2.00"),
        (1000, 25, 299_500, "2.75"),  # 500 at .0035 and 500 at .0020
        (1000, 25, 3_000_000, "1.50"),
        (1000, 25, 20_000_000, "1.00"),
        (1000, 25, 100_000_000, "0.50"),
        (300_000, 25, 0, "1050"),
        (3_000_000, 25, 300_000, "5850"),  # 2.7 million at .0020 and 300,000 at .0015
        (10, 1, 0, "0.10"),
    ],
)
def test_ibkr_tiered(shares: int, price: Any, month_to_date: int, expected: str) -> None:
    assert ibkr_tiered(shares, price, month_to_date) == Decimal(expected)


@pytest.mark.parametrize(("shares", "expected"), [(230, "2.5"), (400, "3"), (500, "3.75")])
def test_per_share_with_a_minimum_an_order(shares: int, expected: str) -> None:
    assert per_share(shares, ".0075", 2.5) == Decimal(expected)


def charges(schedule: Schedule, fills: list[tuple[int, Decimal]]) -> list[Decimal]:
    """What each fill of one order is charged."""
    charged, shares, value = [], 0, Decimal(0)
    for quantity, price in fills:
        charged.append(fill_commission(schedule, shares, value, quantity, price))
        shares, value = shares + quantity, value + quantity * price
    return charged


def test_fills_are_charged_the_difference_that_they_make() -> None:
    fills = [(230, Decimal(10)), (170, Decimal(10)), (100, Decimal(10))]
    charged = charges(lambda shares, _: per_share(shares, ".0075", 2.5), fills)
    assert charged == [Decimal("2.5"), Decimal("0.5"), Decimal("0.75")]


@given(
    st.sampled_from([fixed_schedule, tiered_schedule(0), tiered_schedule(299_000)]),
    st.lists(st.tuples(st.integers(1, 10**5), PRICES), min_size=1, max_size=10),
)
def test_an_order_costs_the_same_in_one_fill_or_many(schedule: Schedule, fills: Any) -> None:
    charged = charges(schedule, fills)
    shares, value = sum(q for q, _ in fills), sum(q * p for q, p in fills)
    assert sum(charged) == schedule(shares, value)
    assert all(charge >= 0 for charge in charged)


@given(SHARES, SHARES, st.integers(0, 10**9))
def test_tiers_are_marginal(first: int, second: int, month_to_date: int) -> None:
    price = 10**6  # so high that neither minimum nor cap matters for the larger orders
    together = ibkr_tiered(first + second, price, month_to_date)
    apart = ibkr_tiered(first, price, month_to_date) + ibkr_tiered(
        second, price, month_to_date + first
    )
    assert together <= apart
    if min(first, second) >= 700:
        assert together == apart


@given(SHARES, PRICES)
def test_a_commission_is_never_above_the_cap(shares: int, price: Decimal) -> None:
    assert 0 < ibkr_fixed(shares, price) <= shares * price / 100
    assert 0 < ibkr_tiered(shares, price, 0) <= shares * price / 100


@pytest.mark.parametrize("bad", [*NOT_POSITIVE, 0.5])
def test_bad_shares_are_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^shares "):
        ibkr_fixed(bad, 25)
    with pytest.raises(ValueError, match=r"^shares "):
        ibkr_tiered(bad, 25, 0)
    with pytest.raises(ValueError, match=r"^shares "):
        regulatory_fees("sell", bad, 25, date(2013, 10, 7))
    with pytest.raises(ValueError, match=r"^cumulative_shares "):
        per_share(bad, 1, 1)


@pytest.mark.parametrize("bad", NOT_POSITIVE)
def test_a_bad_price_is_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^price "):
        ibkr_fixed(100, bad)
    with pytest.raises(ValueError, match=r"^price "):
        ibkr_tiered(100, bad, 0)
    with pytest.raises(ValueError, match=r"^price "):
        regulatory_fees("sell", 100, bad, date(2013, 10, 7))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1, "x", None])
def test_a_bad_rate_minimum_or_month_is_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^month_to_date_shares "):
        ibkr_tiered(100, 25, bad)
    with pytest.raises(ValueError, match=r"^rate "):
        per_share(100, bad, 1)
    with pytest.raises(ValueError, match=r"^minimum "):
        per_share(100, 1, bad)


@pytest.mark.parametrize(
    ("on", "per_million", "taf"),
    [
        (date(2012, 3, 1), "18.00", "0.000095"),
        (date(2013, 5, 24), "22.40", "0.000119"),
        (date(2013, 5, 25), "17.40", "0.000119"),
        (date(2013, 10, 7), "17.40", "0.000119"),
        (date(2018, 5, 22), "13.00", "0.000119"),
        (date(2023, 2, 26), "22.90", "0.000145"),
        (date(2023, 2, 27), "8.00", "0.000145"),
        (date(2025, 5, 13), "27.80", "0.000166"),
        (date(2025, 5, 14), "0", "0.000166"),
        (date(2026, 4, 3), "0", "0.000195"),
        (date(2026, 4, 4), "20.60", "0.000195"),
        (date(2026, 11, 20), "20.60", "0"),
        (date(2027, 1, 4), "20.60", "0.000195"),
    ],
)
def test_a_sale_pays_the_rates_of_its_day(on: date, per_million: str, taf: str) -> None:
    expected = Decimal(per_million) * 25_000 / 1_000_000 + 1000 * Decimal(taf)
    assert regulatory_fees("sell", 1000, 25, on) == expected
    assert regulatory_fees("buy", 1000, 25, on) == 0


def test_the_taf_is_capped_a_trade() -> None:
    assert regulatory_fees("sell", 50_000, 1, date(2025, 6, 2)) == Decimal("8.30")
    assert regulatory_fees("sell", 10_000_000, 1, date(2025, 6, 2)) == Decimal("8.30")


@pytest.mark.parametrize("table", [SEC_FEE_PER_MILLION, TAF])
def test_rates_are_dated_in_order_and_hold_until_the_next(table: Any) -> None:
    for (day, rate), (following, _) in pairwise(table):
        assert day < following
        assert rate_on(table, day) == rate_on(table, following - timedelta(days=1)) == rate


@pytest.mark.parametrize(
    "bad", [date(2010, 1, 4), datetime(2013, 10, 7, 15, tzinfo=UTC), None, "2013-10-07"]
)
def test_a_day_without_a_rate_is_named(bad: Any) -> None:
    for side in ("buy", "sell"):
        with pytest.raises(ValueError, match=r"^on must"):
            regulatory_fees(side, 100, 25, bad)


def test_a_bad_side_is_named() -> None:
    with pytest.raises(ValueError, match=r"^side "):
        regulatory_fees("short", 100, 25, date(2013, 10, 7))
