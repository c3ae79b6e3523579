"""Schedules: every lot once, on time, none too many."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.planning.slicing import Slice, largest_remainder, twap, twap_table, vwap

START = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
END = START + timedelta(minutes=5)

LOT_SIZES = st.sampled_from([1, 10, 100])
LOTS = st.integers(1, 10**6)
SLICES = st.integers(1, 30)
DURATIONS = st.timedeltas(timedelta(seconds=1), timedelta(hours=7))
CURVES = st.lists(st.integers(0, 10**6) | st.floats(0, 1e6), min_size=1, max_size=30).filter(any)

NOT_POSITIVE_WHOLE = [math.nan, math.inf, 0, -1, 1.5, "x", None, True]


def minutes(slices: list[Slice]) -> list[float]:
    return [(s.due_at - START) / timedelta(minutes=1) for s in slices]


def quantities(slices: list[Slice]) -> list[int]:
    return [s.quantity for s in slices]


def test_a_twap_is_even_in_size_and_in_time() -> None:
    slices = twap(1000, START, END, 5)
    assert [s.index for s in slices] == [0, 1, 2, 3, 4]
    assert quantities(slices) == [200] * 5
    assert minutes(slices) == [0, 1, 2, 3, 4]


def test_what_does_not_divide_goes_to_the_earliest() -> None:
    assert quantities(twap(1003, START, END, 5)) == [201, 201, 201, 200, 200]
    assert quantities(twap(700, START, END, 5, lot_size=100)) == [200, 200, 100, 100, 100]


def test_fewer_slices_than_asked_are_spaced_over_the_whole_time() -> None:
    slices = twap(200, START, END, 5, lot_size=100)
    assert quantities(slices) == [100, 100]
    assert minutes(slices) == [0, 2.5]
    assert twap(1, START, END, 5) == [Slice(0, START, 1)]


def test_times_are_utc_and_steady_when_the_clocks_change() -> None:
    new_york = ZoneInfo("America/New_York")
    start = datetime(2026, 11, 1, 0, 30, tzinfo=new_york)
    end = datetime(2026, 11, 1, 2, 30, tzinfo=new_york)
    due = [s.due_at for s in twap(3, start, end, 3)]
    assert [moment.tzinfo for moment in due] == [UTC] * 3
    assert [moment.hour * 60 + moment.minute for moment in due] == [270, 330, 390]


@given(LOTS, LOT_SIZES, SLICES, DURATIONS)
def test_a_twap_sends_every_lot_once(
    lots: int, lot_size: int, count: int, duration: timedelta
) -> None:
    slices = twap(lots * lot_size, START, START + duration, count, lot_size)
    sizes, due = quantities(slices), [s.due_at for s in slices]
    assert len(slices) == min(count, lots)
    assert sum(sizes) == lots * lot_size
    assert all(size % lot_size == 0 and size >= lot_size for size in sizes)
    assert max(sizes) - min(sizes) <= lot_size
    assert due[0] == START
    assert all(moment < START + duration for moment in due)
    for i, moment in enumerate(due):
        even = START + duration * i / len(slices)
        assert abs(moment - even) <= timedelta(microseconds=1)


def test_a_vwap_follows_its_curve() -> None:
    slices = vwap(1000, START, END, 5, [30, 20, 10, 15, 25])
    assert quantities(slices) == [300, 200, 100, 150, 250]
    assert minutes(slices) == [0, 1, 2, 3, 4]


def test_a_vwap_slice_without_weight_or_without_a_lot_is_left_out() -> None:
    slices = vwap(1000, START, END, 5, [1, 0, 1, 0, 0.0001])
    assert quantities(slices) == [500, 500]
    assert [s.index for s in slices] == [0, 1]
    assert minutes(slices) == [0, 2]


def test_largest_remainders_are_exact_for_decimal_fractions() -> None:
    assert quantities(vwap(10, START, END, 3, [0.1, 0.1, 0.1])) == [4, 3, 3]
    assert quantities(vwap(5, START, END, 4, np.array([0.15, 0.25, 0.25, 0.35]))) == [1, 1, 1, 2]


@given(LOTS, LOT_SIZES, CURVES, DURATIONS)
def test_a_vwap_sends_every_lot_once(
    lots: int, lot_size: int, curve: list[float], duration: timedelta
) -> None:
    slices = vwap(lots * lot_size, START, START + duration, len(curve), curve, lot_size)
    assert sum(quantities(slices)) == lots * lot_size
    assert all(s.quantity % lot_size == 0 and s.quantity >= lot_size for s in slices)
    assert [s.index for s in slices] == list(range(len(slices)))
    on_grid = {START + duration * i // len(curve): weight for i, weight in enumerate(curve)}
    assert all(on_grid[s.due_at] > 0 for s in slices)


@given(LOTS, LOT_SIZES, SLICES)
def test_a_flat_curve_is_a_twap(lots: int, lot_size: int, count: int) -> None:
    quantity = max(lots, count) * lot_size
    flat = vwap(quantity, START, END, count, [2.5] * count, lot_size)
    assert flat == twap(quantity, START, END, count, lot_size)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any))
def test_largest_remainder_is_within_one_of_the_exact_share(total: int, weights: list[int]) -> None:
    parts = largest_remainder(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        floor, rest = divmod(total * weight, sum(weights))
        assert part in ((floor, floor + 1) if rest else (floor,))


@given(st.lists(st.tuples(st.integers(1, 10**5), LOT_SIZES, SLICES), min_size=0, max_size=20))
def test_the_table_is_the_schedules(parents: list[tuple[int, int, int]]) -> None:
    lots, lot_sizes, slices = np.array(parents, dtype=np.int64).reshape(-1, 3).T
    parent, index, quantity = twap_table(lots * lot_sizes, slices, lot_sizes)
    expected = [
        (p, s.index, s.quantity)
        for p, (count, lot_size, wanted) in enumerate(parents)
        for s in twap(count * lot_size, START, END, wanted, lot_size)
    ]
    assert list(zip(parent.tolist(), index.tolist(), quantity.tolist(), strict=True)) == expected


def test_a_table_of_ten_thousand_parents(benchmark: Any) -> None:
    parents = np.arange(1, 10_001) * 100
    _, _, quantity = benchmark(twap_table, parents, 5, 10)
    assert quantity.sum() == parents.sum()
    assert benchmark.stats.stats.min < 0.015


@pytest.mark.parametrize("bad", NOT_POSITIVE_WHOLE)
@pytest.mark.parametrize("name", ["quantity", "slices", "lot_size"])
def test_a_bad_number_is_named(name: str, bad: Any) -> None:
    arguments: dict[str, Any] = {"quantity": 100, "slices": 1, "lot_size": 1, name: bad}
    with pytest.raises(ValueError, match=f"^{name} "):
        twap(start=START, end=END, **arguments)
    with pytest.raises(ValueError, match=f"^{name} "):
        vwap(start=START, end=END, volume_curve=[1], **arguments)


@pytest.mark.parametrize("end", [START, START - timedelta(seconds=1)])
def test_an_end_that_is_not_after_the_start_is_named(end: datetime) -> None:
    with pytest.raises(ValueError, match=r"^end must be after start"):
        twap(100, START, end, 5)
    with pytest.raises(ValueError, match=r"^end must be after start"):
        vwap(100, START, end, 1, [1])


@pytest.mark.parametrize("bad", [START.replace(tzinfo=None), None, "2026-11-20"])
def test_a_time_without_a_zone_is_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^start "):
        twap(100, bad, END, 5)
    with pytest.raises(ValueError, match=r"^end "):
        twap(100, START, bad, 5)


def test_an_odd_lot_cannot_be_sliced() -> None:
    with pytest.raises(ValueError, match=r"^quantity must be whole lots of 100, not 250"):
        twap(250, START, END, 5, lot_size=100)


@pytest.mark.parametrize(
    "curve", [[1, math.nan], [1, math.inf], [1, -1], [0, 0], [1], [1, 2, 3], [1, None]]
)
def test_a_bad_curve_is_named(curve: Any) -> None:
    with pytest.raises(ValueError, match=r"^volume_curve"):
        vwap(100, START, END, 2, curve)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((np.array([100, 0]), 5, 1), r"quantities\[1\]"),
        ((np.array([100, 150]), 5, 100), r"quantities\[1\]"),
        ((np.array([100.0]), 5, 1), "quantities"),
        ((np.array(100), 5, 1), "quantities"),
        ((np.array([100]), 0, 1), r"slices\[0\]"),
        ((np.array([100]), np.array([1, 2]), 1), "slices"),
        ((np.array([100]), 5, -1), r"lot_sizes\[0\]"),
    ],
)
def test_a_bad_table_is_named(arguments: Any, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        twap_table(*arguments)
