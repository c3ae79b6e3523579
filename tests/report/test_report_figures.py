"""The report's figures are those of the orders: sums to the cent, ratios weighted by notional."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_tables import order

from orderworks.quality.daily import summarise
from orderworks.quality.measuring import BENCHMARKS
from orderworks.report.figures import (
    MEASURES,
    Measure,
    cost_of,
    days_of,
    groups_of,
    latencies_of,
    measures_of,
    together_bps,
    worst_of,
)

MONEY = st.decimals(-1000, 1000, places=4)


@given(st.lists(st.tuples(MONEY, MONEY, MONEY, MONEY, st.booleans(), st.booleans()), max_size=8))
def test_the_parts_sum_to_the_whole_exactly(
    drawn: list[tuple[Decimal, Decimal, Decimal, Decimal, bool, bool]],
) -> None:
    orders = []
    for number, (delay, execution, opportunity, fees, split, whole) in enumerate(drawn):
        orders.append(
            order(
                f"ow-{number}",
                shortfall_delay=delay if split else None,
                shortfall_execution=execution if split else None,
                shortfall_opportunity=opportunity if whole else None,
                shortfall_fees=fees,
                shortfall_total=delay + execution + opportunity + fees if whole else None,
            )
        )
    cost = cost_of(orders)
    measured = [one["shortfall_total"] for one in orders if one["shortfall_total"] is not None]
    assert cost.unmeasured == len(orders) - len(measured)
    if not measured:
        assert (cost.total, cost.bps, cost.parts) == (None, None, ())
        return
    assert cost.total == sum(measured)
    assert sum(part.money for part in cost.parts) == cost.total


def test_the_golden_order() -> None:
    cost = cost_of([order()])
    assert (cost.total, cost.bps, cost.filled_share) == (Decimal(87), 87.0, 0.7)
    assert [(part.name, part.bps) for part in cost.parts] == [
        ("delay", 35.0),
        ("execution", 14.0),
        ("opportunity", 24.0),
        ("fees", 14.0),
    ]


def test_what_is_filled_is_told_of_the_value() -> None:
    cheap = order(quantity=10_000, filled_quantity=10_000, decision_price=Decimal(1))
    dear = order("ow-2", quantity=100, filled_quantity=0, decision_price=Decimal(1000))
    assert cost_of([cheap, dear]).filled_share == 10_000 / 110_000
    assert cost_of([]).filled_share == 0


def test_what_has_no_arrival_price_is_a_part_of_its_own() -> None:
    unknown = order("ow-2", arrival_price=None, shortfall_delay=None, shortfall_execution=None)
    parts = {part.name: part.money for part in cost_of([order(), unknown]).parts}
    assert parts["not split"] == Decimal(35 + 14)
    assert parts["delay"] == Decimal(35)


def test_a_groups_slippage_is_that_of_the_daily_aggregate() -> None:
    orders = [
        order("ow-1"),
        order("ow-2", side="sell", filled_notional=Decimal("7000"), route_rule="LARGE"),
        order("ow-3", filled_quantity=100, filled_notional=Decimal("1010")),
        order("ow-4", arrival_price=None),
        order("ow-5", filled_quantity=0, filled_notional=Decimal(0)),
    ]
    absent = [f"{name}_price" for name in BENCHMARKS if f"{name}_price" not in orders[0]]
    rows = pd.DataFrame([one | dict.fromkeys(absent) for one in orders])
    daily = summarise(rows.astype(dict.fromkeys(absent, float)), "route_rule")
    groups = groups_of(orders, "route_rule")
    assert [group.key for group in groups] == daily["key"].tolist() == ["LARGE", "SMALL"]
    assert [group.cost.bps for group in groups] == pytest.approx(
        daily["slippage_arrival_bps"].tolist()
    )
    assert [group.cost.orders for group in groups] == [1, 2]
    assert groups[0].cost.low_bps is None


def test_a_measure_that_is_not_known_is_not_shown() -> None:
    known = {"slippage_arrival_bps": 2, "markout_5m_bps": 7}
    summed = pd.DataFrame([dict.fromkeys(MEASURES, np.nan) | dict.fromkeys(known, 4.0)])
    assert measures_of(summed, known) == [
        Measure("Slippage against the arrival mid", 2, "order", 4.0),
        Measure("Markout after 5 min (positive is good)", 7, "fill", 4.0),
    ]
    assert measures_of(summed.iloc[:0], {}) == []


def test_latencies_are_of_the_orders_that_have_them() -> None:
    orders = [order(f"ow-{ms}", latency_ack_ms=ms) for ms in (100.0, 200.0, 900.0)]
    (found,) = latencies_of([*orders, order(latency_ack_ms=None)])
    assert (found.name, found.orders, found.typical, found.slowest) == (
        "Release to acknowledged",
        3,
        200.0,
        900.0,
    )
    assert 200.0 < found.slow < 900.0


def test_the_worst_orders_are_the_dearest_in_money_and_cost_something() -> None:
    costs = {"a": 5, "b": 70, "c": -3, "d": 0, "e": None, "f": 70}
    orders = [
        order(name, shortfall_total=None if cost is None else Decimal(cost))
        for name, cost in costs.items()
    ]
    assert [one["client_order_id"] for one in worst_of(orders, 10)] == ["b", "f", "a"]
    assert [one["client_order_id"] for one in worst_of(orders, 1)] == ["b"]


def test_several_days_are_weighted_by_what_was_decided() -> None:
    days = days_of(
        [
            {"session": None, "orders": 1, "cost": Decimal(100), "paper": Decimal(10_000)},
            {"session": None, "orders": 1, "cost": Decimal(0), "paper": Decimal(990_000)},
            {"session": None, "orders": 1, "cost": None, "paper": Decimal(0)},
        ]
    )
    assert [day.bps for day in days] == [100.0, 0.0, None]
    assert together_bps(days) == 1.0
    assert together_bps(days[2:]) is None
