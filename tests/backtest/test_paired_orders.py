"""Sums by algorithm, and what may be said of a difference."""

from decimal import Decimal
from statistics import mean, stdev

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from replayed_orders import costs, order

from orderworks.backtest.comparison import (
    by_algorithm,
    by_route,
    compare,
    compare_all,
)

pytestmark = pytest.mark.proof

BPS = st.floats(-100, 100).map(lambda bps: round(bps, 3))


def test_algorithms_come_in_their_order_with_what_was_not_filled() -> None:
    orders = pd.DataFrame([order("vwap", 4.0), order("twap", 6.0), order("twap", None, 1)])
    table = by_algorithm(orders).set_index("algorithm")
    assert table.index.tolist() == ["vwap", "twap"]
    assert table["orders"].tolist() == [1, 2]
    assert table["fill_rate"].tolist() == [1.0, 0.5]
    assert table["shortfall_bps"].tolist() == pytest.approx([4.0, 6.0])
    assert table.loc["twap", "shortfall_total"] == Decimal(60)
    assert table.loc["twap", "unmeasured"] == 1


def test_what_is_filled_is_told_of_the_value() -> None:
    cheap = order("twap", 4.0, quantity=10_000, filled_quantity=10_000, decision_price=Decimal(1))
    dear = order("twap", None, 1, quantity=100, decision_price=Decimal(1000))
    assert by_algorithm(pd.DataFrame([cheap, dear]))["fill_rate"].tolist() == [10_000 / 110_000]


def test_routes_sum_up_to_the_algorithm() -> None:
    orders = pd.DataFrame(
        [order("twap", 6.0), order("twap", 2.0, 1, route="SMALL"), order("twap", 4.0, 2)]
    )
    table = by_route(orders)
    assert table["key"].tolist() == ["LARGE", "SMALL"]
    assert table["orders"].tolist() == [2, 1]
    assert sum(table["shortfall_total"]) == by_algorithm(orders)["shortfall_total"].iloc[0]


@given(st.lists(st.tuples(BPS, BPS), min_size=2, max_size=12))
def test_of_orders_of_one_value_it_is_the_paired_t_interval(
    both: list[tuple[float, float]],
) -> None:
    ones, others = zip(*both, strict=True)
    found = compare(costs(vwap=ones, twap=others), "vwap", "twap")
    assert found is not None
    differences = [one - other for one, other in both]
    assert found.difference_bps == pytest.approx(mean(differences), abs=1e-9)
    assert found.difference_bps == pytest.approx(found.bps - found.other_bps, abs=1e-9)
    assert found.spread_bps == pytest.approx(stdev(differences), abs=1e-6)
    assert found.high_bps is not None
    t = {1: 12.706, 4: 2.776, 9: 2.262}.get(len(both) - 1)
    if t is not None:
        half = t * stdev(differences) / len(both) ** 0.5
        assert found.high_bps - found.difference_bps == pytest.approx(half, abs=1e-6)


@given(st.lists(st.tuples(BPS, BPS), min_size=1, max_size=12))
def test_it_is_the_same_the_other_way_round(both: list[tuple[float, float]]) -> None:
    ones, others = zip(*both, strict=True)
    orders = costs(vwap=ones, twap=others)
    found, turned = compare(orders, "vwap", "twap"), compare(orders, "twap", "vwap")
    assert found is not None
    assert turned is not None
    back = turned.reversed
    for name in ("bps", "other_bps", "difference_bps", "spread_bps", "low_bps", "high_bps"):
        assert getattr(back, name) == pytest.approx(getattr(found, name), abs=1e-9), name


def test_a_clear_difference_is_more_than_noise_and_one_order_never_is() -> None:
    clear = compare(costs(vwap=[1.0, 1.2, 0.9], twap=[5.0, 5.1, 5.2]), "vwap", "twap")
    assert clear is not None
    assert not clear.within_noise
    mixed = compare(costs(vwap=[1.0, 9.0], twap=[5.0, 5.1]), "vwap", "twap")
    assert mixed is not None
    assert mixed.within_noise
    single = compare(costs(vwap=[1.0], twap=[90.0]), "vwap", "twap")
    assert single is not None
    assert single.spread_bps is None
    assert single.within_noise


def test_orders_worked_alike_or_placed_by_one_alone_are_no_evidence() -> None:
    orders = pd.DataFrame(
        [
            *[order("twap", 5.0, number) for number in range(4)],
            order("vwap", 3.0, 0),
            order("vwap", 5.0, 1, algo="twap"),
            order("vwap", None, 2),
        ]
    )
    found = compare(orders, "vwap", "twap")
    assert found is not None
    assert (found.orders, found.alike, found.difference_bps) == (1, 1, -2.0)
    alike = orders.assign(algo="twap")
    assert compare(alike, "vwap", "twap") is None
    assert compare_all(alike) == []


def test_larger_orders_weigh_more() -> None:
    orders = pd.DataFrame(
        [
            order("vwap", 1.0, 0, quantity=3000),
            order("vwap", 9.0, 1),
            order("twap", 3.0, 0, quantity=3000),
            order("twap", 3.0, 1),
        ]
    )
    found = compare(orders, "vwap", "twap")
    assert found is not None
    assert found.difference_bps == pytest.approx((3 * -2 + 6) / 4)
