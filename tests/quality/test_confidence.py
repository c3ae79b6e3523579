"""The interval of a notional-weighted cost holds the truth as often as it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.quality.confidence import student_t, weighted_cost

ORDERS = st.lists(
    st.tuples(st.floats(-100, 100), st.floats(1, 1e6)), min_size=2, max_size=20
)  # basis points, notional


@given(ORDERS, st.floats(0.1, 1000))
def test_it_is_the_weighted_ratio_in_whatever_currency(
    orders: list[tuple[float, float]], rate: float
) -> None:
    bps, notionals = (np.array(column) for column in zip(*orders, strict=True))
    found = weighted_cost(bps * notionals / 1e4, notionals)
    other = weighted_cost(bps * notionals / 1e4 * rate, notionals * rate)
    assert found.bps == pytest.approx(np.average(bps, weights=notionals), abs=1e-9)
    assert found.low_bps is not None
    assert found.high_bps is not None
    assert found.low_bps <= found.bps <= found.high_bps
    assert (other.bps, other.low_bps) == pytest.approx((found.bps, found.low_bps), abs=1e-6)


def test_of_orders_of_one_notional_it_is_wider_than_students_interval_by_the_leverage() -> None:
    bps, notionals = np.array([1.0, 3.0, 2.0, 6.0]), np.full(4, 1000.0)
    found = weighted_cost(bps * notionals / 1e4, notionals)
    students = 3.182 * bps.std(ddof=1) / 2
    assert found.high_bps == pytest.approx(3.0 + students)


def test_one_order_says_nothing_of_how_costs_vary() -> None:
    found = weighted_cost(np.array([2.0]), np.array([1000.0]))
    assert (found.orders, found.bps, found.low_bps, found.high_bps) == (1, 20.0, None, None)
    with pytest.raises(ValueError, match="of an order at least"):
        weighted_cost(np.array([]), np.array([]))


@pytest.mark.parametrize(("orders", "unequal"), [(3, 0.5), (5, 1.5), (10, 1.0), (30, 1.5)])
def test_it_holds_the_truth_in_at_least_19_of_20_days(orders: int, unequal: float) -> None:
    draws = np.random.default_rng(7)
    held, days = 0, 1500
    for _ in range(days):
        notionals = draws.lognormal(0, unequal, orders)
        bps = draws.standard_t(4, orders) * 8 + 3
        found = weighted_cost(bps * notionals / 1e4, notionals)
        assert found.low_bps is not None
        assert found.high_bps is not None
        held += found.low_bps <= 3 <= found.high_bps
    # Within the noise of 1,500 days; with few orders it is rather too wide than too narrow.
    assert 0.935 <= held / days <= 0.99


def test_student_t_goes_on_where_the_table_ends() -> None:
    # Against the published table: 40, 60 and 120 degrees of freedom.
    assert [round(student_t(degrees), 3) for degrees in (40, 60, 120)] == [2.021, 2.0, 1.98]
    falling = [student_t(degrees) for degrees in range(1, 100)]
    assert falling == sorted(falling, reverse=True)
