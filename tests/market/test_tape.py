"""Prices and times on the tape are exact."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from orderworks.market.calendar import NEW_YORK
from orderworks.market.tape import dollars, instant, microseconds, price_units


@given(st.decimals("0", "1000000", places=4))
def test_a_price_of_four_decimals_survives_float(price: Decimal) -> None:
    units = price_units(np.array([float(price)]))
    assert dollars(units[0]) == price


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_time_survives_its_microseconds(since_epoch: int) -> None:
    assert microseconds(instant(since_epoch)) == since_epoch


def test_microseconds_are_those_of_unix_time_in_any_zone() -> None:
    at = datetime(2001, 9, 9, 1, 46, 40, 5, tzinfo=UTC)
    assert microseconds(at) == microseconds(at.astimezone(NEW_YORK)) == 1_000_000_000_000_005
