"""Prices onto ticks, quantities onto lots."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.exact import to_decimal, to_positive_whole, to_side, to_whole
from orderworks.model.order import Side
from orderworks.model.rounding import round_to_lot, round_to_tick

TICKS = st.sampled_from([Decimal(t) for t in ("0.01", "0.0001", "0.05", "0.125", "1")])
PRICES = st.decimals(min_value="1", max_value="999999", places=6)
SIDES = st.sampled_from(Side)
KINDS = st.sampled_from(["limit", "stop"])

NOT_POSITIVE = [math.nan, math.inf, -math.inf, 0, -1, "abc", None, True, Decimal("NaN")]


@pytest.mark.parametrize(
    ("price", "tick", "side", "kind", "expected"),
    [
        ("10.079", "0.01", "buy", "limit", "10.07"),
        ("10.071", "0.01", "sell", "limit", "10.08"),
        ("10.079", "0.01", "buy", "stop", "10.07"),
        ("10.071", "0.01", "sell", "stop", "10.08"),
        (10.07, 0.01, "buy", "limit", "10.07"),
        (10.07, 0.01, "sell", "limit", "10.07"),
        (13.870000000000001, 0.01, "sell", "limit", "13.87"),
        (13.869999999999999, 0.01, "buy", "limit", "13.87"),
        (0.1 + 0.2, "0.01", "sell", "limit", "0.30"),
        (1.1 * 3, "0.01", Side.SELL, "limit", "3.30"),
        (np.float32(10.07), "0.01", "sell", "limit", "10.07"),
        (np.float64(10.07), "0.01", "buy", "limit", "10.07"),
        (Decimal("13.870000000000001"), "0.01", "sell", "limit", "13.87"),
        ("0.30015", "0.0001", "buy", "limit", "0.3001"),
        (100, "0.05", "buy", "limit", "100"),
        ("100.07", "0.05", "sell", "limit", "100.10"),
        ("745000.004", "0.01", "sell", "limit", "745000.01"),
    ],
)
def test_a_price_goes_onto_the_grid(
    price: Any, tick: Any, side: Any, kind: Any, expected: str
) -> None:
    rounded = round_to_tick(price, tick, side, kind)
    assert isinstance(rounded, Decimal)
    assert rounded == Decimal(expected)


@given(PRICES, TICKS, SIDES, KINDS)
def test_a_price_moves_less_than_a_tick_and_never_to_the_orders_disadvantage(
    price: Decimal, tick: Decimal, side: Side, kind: Any
) -> None:
    rounded = round_to_tick(price, tick, side, kind)
    assert rounded % tick == 0
    assert 0 <= side.sign * (price - rounded) < tick


@given(st.integers(1, 10**8), TICKS, SIDES, KINDS, st.floats(-1e-14, 1e-14))
def test_float_noise_is_not_a_tick(
    ticks: int, tick: Decimal, side: Side, kind: Any, noise: float
) -> None:
    exact = ticks * tick
    assert round_to_tick(float(exact) * (1 + noise), tick, side, kind) == exact


@given(PRICES, TICKS, SIDES, KINDS)
def test_a_rounded_price_stays(price: Decimal, tick: Decimal, side: Side, kind: Any) -> None:
    rounded = round_to_tick(price, tick, side, kind)
    assert round_to_tick(rounded, tick, side.opposite, kind) == rounded


@pytest.mark.parametrize("bad", NOT_POSITIVE)
@pytest.mark.parametrize("name", ["price", "tick"])
def test_a_bad_price_or_tick_is_named(name: str, bad: Any) -> None:
    arguments = {"price": "10", "tick": "0.01", name: bad}
    with pytest.raises(ValueError, match=f"^{name} "):
        round_to_tick(**arguments, side="buy", kind="limit")


@pytest.mark.parametrize("bad", ["hold", "", None, 1, math.nan])
def test_a_bad_side_or_kind_is_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^side "):
        round_to_tick("10", "0.01", bad, "limit")
    with pytest.raises(ValueError, match=r"^kind "):
        round_to_tick("10", "0.01", "buy", bad)


def test_a_price_under_one_tick_is_refused_where_it_would_vanish() -> None:
    with pytest.raises(ValueError, match=r"^price .*0\.01"):
        round_to_tick("0.004", "0.01", "buy", "limit")
    assert round_to_tick("0.004", "0.01", "sell", "limit") == Decimal("0.01")


@pytest.mark.parametrize(
    ("quantity", "lot", "expected"),
    [
        (199, 100, 100),
        (-199, 100, -100),
        (99, 100, 0),
        (300, 100, 300),
        (199.9, 1, 199.0),
        (28.999999999999996, 1, 28.0),
        (Decimal("-1.5"), 1, Decimal(-1)),
        ("250", "100", Decimal(200)),
        (np.int64(250), 100, np.int64(200)),
    ],
)
def test_a_quantity_goes_to_whole_lots_toward_zero(quantity: Any, lot: Any, expected: Any) -> None:
    rounded = round_to_lot(quantity, lot)
    assert rounded == expected
    assert isinstance(rounded, type(expected))


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_lots_are_whole_and_never_more_than_asked(quantity: int, lot: int) -> None:
    rounded = round_to_lot(quantity, lot)
    assert rounded % lot == 0
    assert abs(quantity) - lot < abs(rounded) <= abs(quantity)
    assert rounded * quantity >= 0


@pytest.mark.parametrize("bad", [math.nan, math.inf, "ten", None])
def test_a_bad_quantity_is_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^quantity "):
        round_to_lot(bad, 1)


@pytest.mark.parametrize("bad", NOT_POSITIVE)
def test_a_bad_lot_size_is_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^lot_size "):
        round_to_lot(100, bad)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_the_decimal_that_it_is_written_as(value: float) -> None:
    exact = to_decimal(value, "value")
    assert float(exact) == value
    assert exact == Decimal(repr(value))


@pytest.mark.parametrize("value", [100, 100.0, "100", "1e2", Decimal("100.00"), np.int32(100)])
def test_a_whole_number_is_one_however_it_is_written(value: Any) -> None:
    assert to_whole(value, "value") == 100
    assert to_positive_whole(value, "value") == 100


def test_half_a_share_is_not_whole() -> None:
    with pytest.raises(ValueError, match=r"^value must be a whole number"):
        to_whole("100.5", "value")


@pytest.mark.parametrize("value", ["1e99999999", Decimal("1E+401")])
def test_a_whole_number_of_any_length_is_not_waited_for(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^value must have an exponent of at most 400, not 1[eE]"):
        to_whole(value, "value")


@pytest.mark.parametrize("side", Side)
def test_a_side_is_a_side_however_it_is_written(side: Side) -> None:
    assert to_side(side) is side
    assert to_side(side.value) is side
