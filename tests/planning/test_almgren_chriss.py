"""The optimal trajectory against its authors' numbers and its own optimality."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.planning.slicing import almgren_chriss

PUBLISHED: dict[str, Any] = {
    "quantity": 1_000_000,
    "horizon": 5,
    "slices": 5,
    "sigma": 0.95,
    "eta": 2.5e-6,
    "gamma": 2.5e-7,
    "epsilon": 0.0625,
    "risk_aversion": 1e-6,
}


def objective(trades: list[float], market: dict[str, Any]) -> float:
    """Expected cost plus risk aversion times variance, straight from equations 4 and 5."""
    interval = market["horizon"] / market["slices"]
    held, cost, variance = market["quantity"], 0.0, 0.0
    for trade in trades:
        impact = market["epsilon"] + market["eta"] * trade / interval
        held -= trade
        cost += trade * impact + interval * held * market["gamma"] * trade / interval
        variance += market["sigma"] ** 2 * interval * held**2
    return float(cost + market["risk_aversion"] * variance)


def test_the_published_trajectory() -> None:
    trajectory = almgren_chriss(**PUBLISHED)
    assert [round(trade, 1) for trade in trajectory.trades] == [
        458044.4,
        252101.3,
        141956.7,
        85755.7,
        62141.8,
    ]
    assert round(trajectory.expected_cost) == 911_227
    assert round(math.sqrt(trajectory.variance)) == 603_431


def test_cost_and_variance_are_those_of_the_papers_sums() -> None:
    trajectory = almgren_chriss(**PUBLISHED)
    assert trajectory.expected_cost + 1e-6 * trajectory.variance == pytest.approx(
        objective(list(trajectory.trades), PUBLISHED), rel=1e-12
    )


def test_without_risk_aversion_the_trades_are_equal() -> None:
    trajectory = almgren_chriss(**PUBLISHED | {"risk_aversion": 0})
    assert trajectory.trades == pytest.approx([200_000] * 5)


def test_extreme_urgency_sells_at_once_and_does_not_overflow() -> None:
    trajectory = almgren_chriss(**PUBLISHED | {"risk_aversion": 1e30, "slices": 500})
    assert trajectory.trades[0] == pytest.approx(1_000_000)


@given(
    st.integers(1, 10**8),
    st.floats(0.1, 100),
    st.integers(1, 50),
    st.floats(0.01, 10),
    st.floats(1e-12, 1e-2),
)
def test_a_trajectory_sells_everything_and_slows_down(
    quantity: int, horizon: float, slices: int, sigma: float, risk_aversion: float
) -> None:
    trades = almgren_chriss(
        quantity,
        horizon,
        slices,
        sigma=sigma,
        eta=1e-5,
        gamma=1e-8,
        epsilon=0.01,
        risk_aversion=risk_aversion,
    ).trades
    assert len(trades) == slices
    assert sum(trades) == pytest.approx(quantity, rel=1e-12)
    assert all(trade >= 0 for trade in trades)
    assert all(now >= after - 1e-9 * quantity for now, after in pairwise(trades))


@given(st.lists(st.floats(-1000, 1000), min_size=5, max_size=5), st.floats(0, 1e-4))
def test_no_neighbour_is_better(nudges: list[float], risk_aversion: float) -> None:
    market = PUBLISHED | {"risk_aversion": risk_aversion}
    best = np.array(almgren_chriss(**market).trades)
    neighbour = best + np.array(nudges) - np.mean(nudges)
    assert objective(neighbour.tolist(), market) >= objective(best.tolist(), market) * (1 - 1e-12)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1, "x", None])
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_bad_argument_is_named(name: str, bad: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        almgren_chriss(**PUBLISHED | {name: bad})


@pytest.mark.parametrize("name", ["quantity", "horizon", "slices", "sigma", "eta"])
def test_zero_is_refused_where_it_makes_no_sense(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        almgren_chriss(**PUBLISHED | {name: 0})


def test_permanent_impact_must_not_outweigh_temporary_impact() -> None:
    with pytest.raises(ValueError, match=r"^eta must exceed"):
        almgren_chriss(**PUBLISHED | {"gamma": 1e-5})
