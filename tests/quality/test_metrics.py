"""What an execution cost, against published examples."""

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.order import Side
from orderworks.quality.benchmarks import twap_benchmark, vwap_benchmark
from orderworks.quality.metrics import (
    effective_spread,
    implementation_shortfall,
    markout_bps,
    price_impact,
    price_improvement,
    quoted_spread,
    realized_spread,
    slippage_bps,
    weighted_slippage_bps,
)

SIDES = st.sampled_from(Side)
PRICES = st.decimals("0.0001", "9999", places=4)
MONEY = st.decimals("-999", "999", places=4)
SHARES = st.integers(1, 10**6)
FILLS = st.lists(st.tuples(SHARES, PRICES), max_size=8)

NOT_POSITIVE = [math.nan, math.inf, 0, -1, "x", None]


@pytest.mark.parametrize(
    ("side", "price", "reference", "expected"),
    [
        ("buy", 75.03, 74.99, 5.334),
        ("sell", 75.03, 74.99, -5.334),
        ("buy", "10.01", "10.00", 10),
        ("sell", "9.99", "10.00", 10),
    ],
)
def test_slippage(side: Any, price: Any, reference: Any, expected: float) -> None:
    assert slippage_bps(side, price, reference) == pytest.approx(expected, abs=5e-4)


def test_aggregates_weigh_by_notional() -> None:
    weighted = weighted_slippage_bps(
        np.array([1, -1]), np.array([10.01, 99.0]), np.array([10.0, 100.0]), np.array([1000, 10])
    )
    assert weighted == pytest.approx((0.01 * 1000 + 1 * 10) / 11_000 * 10_000)
    nothing = np.array([])
    assert weighted_slippage_bps(nothing, nothing, nothing, nothing) is None


@given(st.lists(st.tuples(SIDES, PRICES, PRICES, SHARES), min_size=1, max_size=10))
def test_an_aggregate_lies_within_its_parts(rows: Any) -> None:
    signs = np.array([side.sign for side, *_ in rows])
    prices, benchmarks, shares = (np.array([float(r[i]) for r in rows]) for i in (1, 2, 3))
    parts = [slippage_bps(side, price, benchmark) for side, price, benchmark, _ in rows]
    weighted = weighted_slippage_bps(signs, prices, benchmarks, shares)
    assert weighted is not None
    tolerance = 1e-9 * max(1, *(abs(part) for part in parts))
    assert min(parts) - tolerance <= weighted <= max(parts) + tolerance


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0, -1])
@pytest.mark.parametrize("name", ["prices", "benchmarks", "quantities"])
def test_a_bad_element_is_named(name: str, bad: float) -> None:
    good = np.array([1.0, 1.0])
    arrays = {"prices": good, "benchmarks": good, "quantities": good, name: np.array([1.0, bad])}
    with pytest.raises(ValueError, match=f"^{name} "):
        weighted_slippage_bps(good, **arrays)
    with pytest.raises(ValueError, match=f"^{name} must have the shape"):
        weighted_slippage_bps(good, **arrays | {name: np.array([1.0])})
    with pytest.raises(ValueError, match=r"^side_signs "):
        weighted_slippage_bps(np.array([1.0, 0.5]), **arrays)


CFA: dict[str, Any] = {
    "side": "buy",
    "ordered": 1000,
    "decision_price": 10.00,
    "arrival_price": 10.05,
    "fills": [(700, 10.07)],
    "end_price": 10.08,
    "fees": 14,
}


def test_the_cfa_curriculums_shortfall() -> None:
    shortfall = implementation_shortfall(**CFA)
    assert shortfall.total == Decimal(87)
    assert shortfall.delay == Decimal(35)
    assert shortfall.execution == Decimal(14)
    assert shortfall.opportunity == Decimal(24)
    assert shortfall.fees == Decimal(14)
    assert (shortfall.delay_bps, shortfall.execution_bps) == (35, 14)
    assert (shortfall.opportunity_bps, shortfall.fees_bps) == (24, 14)
    assert shortfall.total_bps == 87


def test_the_exam_questions_shortfalls() -> None:
    first = implementation_shortfall("buy", 1000, 40, "40.04", [(700, "40.05")], "40.08", 17)
    assert (first.fees_bps, first.execution_bps) == (4.25, 1.75)
    assert (first.delay_bps, first.opportunity_bps) == (7, 6)
    assert first.total_bps == 19.0
    second = implementation_shortfall("buy", 4000, 16.24, 16.24, [(4000, 16.20)], 16.20, 38.50)
    assert round(second.total_bps, 2) == -18.70


def test_without_fills_only_opportunity_and_fees_are_left() -> None:
    shortfall = implementation_shortfall("sell", 100, 50, 49, [], 48, "1.50")
    assert shortfall.delay == shortfall.execution == 0
    assert shortfall.opportunity == 200
    assert shortfall.total == Decimal("201.50")


def test_a_negative_fee_is_a_rebate() -> None:
    shortfall = implementation_shortfall(**CFA | {"fees": -14})
    assert (shortfall.fees, shortfall.total) == (Decimal(-14), Decimal(59))


@pytest.mark.parametrize("side", Side)
def test_nothing_lost_is_zero_without_a_sign(side: Side) -> None:
    shortfall = implementation_shortfall(side, 100, 50, 50, [(100, 50)], 49, "-0")
    missed = implementation_shortfall(side, 100, 50, 49, [], 50, 0)
    for found in (shortfall, missed):
        parts = (found.delay, found.execution, found.opportunity, found.fees, found.total)
        assert [str(part) for part in parts] == ["0"] * 5


@given(SIDES, SHARES, PRICES, PRICES, FILLS, PRICES, MONEY)
def test_the_shortfall_is_paper_minus_actual_exactly(
    side: Side,
    ordered: int,
    decision: Decimal,
    arrival: Decimal,
    fills: list[tuple[int, Decimal]],
    end: Decimal,
    fees: Decimal,
) -> None:
    shortfall = implementation_shortfall(side, ordered, decision, arrival, fills, end, fees)
    paper = side.sign * ordered * (end - decision)
    actual = side.sign * sum(quantity * (end - price) for quantity, price in fills) - fees
    assert shortfall.total == paper - actual
    parts = (shortfall.delay, shortfall.execution, shortfall.opportunity, shortfall.fees)
    assert sum(parts) == shortfall.total


@given(SHARES, PRICES, PRICES, FILLS, PRICES)
def test_a_sell_costs_what_the_same_buy_gains(
    ordered: int, decision: Decimal, arrival: Decimal, fills: Any, end: Decimal
) -> None:
    buy, sell = (
        implementation_shortfall(side, ordered, decision, arrival, fills, end, 0) for side in Side
    )
    assert buy.total == -sell.total


@pytest.mark.parametrize("bad", NOT_POSITIVE)
@pytest.mark.parametrize("name", ["ordered", "decision_price", "arrival_price", "end_price"])
def test_a_bad_argument_of_the_shortfall_is_named(name: str, bad: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        implementation_shortfall(**CFA | {name: bad})


@pytest.mark.parametrize("bad", NOT_POSITIVE)
def test_a_bad_fill_is_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^fills\[1\] quantity "):
        implementation_shortfall(**CFA | {"fills": [(1, 1), (bad, 1)]})
    with pytest.raises(ValueError, match=r"^fills\[0\] price "):
        implementation_shortfall(**CFA | {"fills": [(1, bad)]})


@pytest.mark.parametrize("bad", [math.nan, math.inf, "x", None])
def test_bad_fees_are_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^fees "):
        implementation_shortfall(**CFA | {"fees": bad})


def test_the_exam_questions_spread() -> None:
    mid = (Decimal("40.40") + Decimal("40.49")) / 2
    assert effective_spread("buy", 40.47, mid) == Decimal("0.05")
    assert quoted_spread(40.40, 40.49) == Decimal("0.09")


def test_improvement_is_measured_from_the_near_side_of_the_quote() -> None:
    assert price_improvement("buy", 40.47, 40.40, 40.49) == Decimal("0.02")
    assert price_improvement("sell", 40.47, 40.40, 40.49) == Decimal("0.07")


def test_markout_is_positive_where_the_market_went_our_way() -> None:
    assert markout_bps("buy", 100, 101) == 100
    assert markout_bps("sell", 100, 101) == -100


@given(SIDES, PRICES, PRICES, PRICES)
def test_an_effective_spread_is_realized_spread_plus_impact(
    side: Side, price: Decimal, mid: Decimal, after: Decimal
) -> None:
    realized, impact = realized_spread(side, price, after), price_impact(side, mid, after)
    assert effective_spread(side, price, mid) == realized + impact


@pytest.mark.parametrize("bad", NOT_POSITIVE)
def test_a_bad_price_is_named(bad: Any) -> None:
    for function, names in (
        (slippage_bps, ("price", "benchmark")),
        (effective_spread, ("price", "mid")),
        (realized_spread, ("price", "mid_after")),
        (price_impact, ("mid", "mid_after")),
        (markout_bps, ("price", "mid_after")),
        (price_improvement, ("price", "bid", "ask")),
    ):
        for name in names:
            prices = dict.fromkeys(names, 10) | {name: bad}
            with pytest.raises(ValueError, match=f"^{name} "):
                function("buy", **prices)
        with pytest.raises(ValueError, match=r"^side "):
            function("hold", **dict.fromkeys(names, 10))


SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("times", "prices", "start", "end", "expected"),
    [
        ([0, 10, 20], [10, 20, 30], 0, 30, 20),  # the last is held to the end
        ([0, 10], [10, 20], 5, 15, 15),  # the one that prevails at the start counts
        ([0, 10], [10, 20], 20, 30, 20),  # and may be the only one
        ([10, 20], [10, 20], 0, 25, 40 / 3),  # none at the start: from the first one on
        ([0, 0, 10], [99, 10, 20], 0, 20, 15),  # replaced at once: no time, no weight
        ([0, 30], [10, 99], 0, 30, 10),  # a quote at the end has no time left
    ],
)
def test_a_twap_weighs_each_quote_by_its_time(
    times: list[int], prices: list[float], start: int, end: int, expected: float
) -> None:
    at = np.array(times) * SECOND
    values = np.array(prices, dtype=float)
    assert twap_benchmark(at, values, start * SECOND, end * SECOND) == pytest.approx(expected)
    moments = at.astype("datetime64[ns]").astype("datetime64[us]")
    first, last = (datetime.fromtimestamp(second, UTC) for second in (start, end))
    assert twap_benchmark(moments, values, first, last) == pytest.approx(expected)
    assert twap_benchmark(
        moments, values, np.datetime64(start, "s"), np.datetime64(end, "s")
    ) == pytest.approx(expected)


def test_a_benchmark_without_data_is_none() -> None:
    empty = np.array([], dtype=np.int64)
    assert twap_benchmark(empty, empty, 0, 10) is None
    assert twap_benchmark(np.array([10]), np.array([1.0]), 0, 10) is None
    assert vwap_benchmark(empty, empty) is None
    assert vwap_benchmark(np.array([10.0]), np.array([0])) is None


def test_a_vwap_weighs_by_volume() -> None:
    assert vwap_benchmark([10, 20], [300, 100]) == 12.5


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.floats(1, 100)), min_size=1, max_size=20).map(
        sorted
    ),
    st.integers(0, 500),
    st.integers(1, 1500),
)
def test_a_benchmark_lies_within_its_prices(quotes: Any, start: int, duration: int) -> None:
    times = np.array([time for time, _ in quotes])
    prices = np.array([price for _, price in quotes])
    twap = twap_benchmark(times, prices, start, start + duration)
    if times[0] >= start + duration:
        assert twap is None
    else:
        assert twap is not None
        assert prices.min() - 1e-9 <= twap <= prices.max() + 1e-9
    vwap = vwap_benchmark(prices, times + 1)
    assert vwap is not None
    assert prices.min() - 1e-9 <= vwap <= prices.max() + 1e-9


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0, -1])
def test_bad_market_data_is_named(bad: float) -> None:
    times, good = np.array([0, 1]), np.array([1.0, 1.0])
    with pytest.raises(ValueError, match=r"^prices\[1\] "):
        twap_benchmark(times, np.array([1.0, bad]), 0, 2)
    with pytest.raises(ValueError, match=r"^prices\[1\] "):
        vwap_benchmark(np.array([1.0, bad]), good)
    if bad:
        with pytest.raises(ValueError, match=r"^volumes\[1\] "):
            vwap_benchmark(good, np.array([1.0, bad]))


def test_a_bad_window_is_named() -> None:
    times, prices = np.array([0, 1]), np.array([1.0, 1.0])
    with pytest.raises(ValueError, match=r"^end must be after start"):
        twap_benchmark(times, prices, 2, 2)
    with pytest.raises(ValueError, match=r"^times must ascend"):
        twap_benchmark(times[::-1], prices, 0, 2)
    with pytest.raises(ValueError, match=r"^prices must have the shape"):
        twap_benchmark(times, prices[:1], 0, 2)
    with pytest.raises(ValueError, match=r"^times must be"):
        twap_benchmark(np.array([0.0, 1.0]), prices, 0, 2)
    with pytest.raises(ValueError, match=r"^start must be a time with a zone"):
        twap_benchmark(times, prices, datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), 2)
