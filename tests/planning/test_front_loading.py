"""An IS parent's trajectory is that of its authors' example, and none where the market is unknown."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.planning.front_loading import MarketOfOrder, front_loaded

EXAMPLE = MarketOfOrder(bid=49.9375, ask=50.0625, adv=5_000_000, daily_volatility=0.019)
"""A spread of an eighth at 50, five million shares a day, 0.95 a day."""


def test_the_authors_example() -> None:
    trajectory = front_loaded(1_000_000, 5, 5, EXAMPLE, 1e-6)
    assert trajectory is not None
    assert [round(trade, 1) for trade in trajectory.trades] == [
        458044.4,
        252101.3,
        141956.7,
        85755.7,
        62141.8,
    ]
    assert round(trajectory.expected_cost) == 911_227
    assert round(math.sqrt(trajectory.variance)) == 603_431


@pytest.mark.parametrize("unknown", [math.nan, math.inf, 0.0, -1.0])
@pytest.mark.parametrize("name", ["bid", "ask", "adv", "daily_volatility"])
def test_without_a_known_market_there_is_none(name: str, unknown: float) -> None:
    market = replace(EXAMPLE, **{name: unknown})
    assert front_loaded(1_000, 0.5, 5, market, 1e-6) is None


@pytest.mark.parametrize(("bid", "ask"), [(50.0, 50.0), (50.1, 50.0)])
def test_a_locked_or_crossed_quote_tells_no_impact(bid: float, ask: float) -> None:
    assert front_loaded(1_000, 0.5, 5, replace(EXAMPLE, bid=bid, ask=ask), 1e-6) is None


@given(
    st.integers(1, 10**7),
    st.floats(0.001, 1),
    st.integers(1, 50),
    st.floats(0.5, 5_000),
    st.floats(0.0001, 0.02),
    st.floats(1_000, 1e9),
    st.floats(0.001, 0.2),
    st.sampled_from([0.0, 1e-8, 1e-6, 1e-3]),
)
def test_within_a_session_every_order_has_one_that_is_front_loaded(
    quantity: int,
    days: float,
    slices: int,
    mid: float,
    half_spread: float,
    adv: float,
    volatility: float,
    risk_aversion: float,
) -> None:
    market = MarketOfOrder(mid * (1 - half_spread), mid * (1 + half_spread), adv, volatility)
    trajectory = front_loaded(quantity, days, slices, market, risk_aversion)
    assert trajectory is not None
    assert len(trajectory.trades) == slices
    assert sum(trajectory.trades) == pytest.approx(quantity)
    noise = quantity * 1e-9
    assert all(before >= after - noise for before, after in pairwise(trajectory.trades))
    assert trajectory.trades[-1] >= 0
    if not risk_aversion:
        assert trajectory.trades == pytest.approx([quantity / slices] * slices)
