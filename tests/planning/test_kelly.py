"""Kelly's fraction and what is still to be ordered."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.planning.sizing import edge_over_odds, kelly_fraction, unordered_quantity

RATES = st.floats(0, 1)
MONEY = st.floats(0.01, 1000)


@pytest.mark.parametrize(
    ("win_rate", "odds", "expected"),
    [(0.6, 2, 0.40), (0.51, 1, 0.02), (0.5, 2, 0.25), (0.45, 1, -0.10)],
)
def test_published_fractions(win_rate: float, odds: float, expected: float) -> None:
    assert kelly_fraction(win_rate, odds, 1) == pytest.approx(expected, abs=1e-15)
    assert kelly_fraction(str(win_rate), Decimal(odds) * 3, "3") == expected


@given(RATES, MONEY, MONEY)
def test_the_fraction_is_edge_over_odds(win_rate: float, win: float, loss: float) -> None:
    odds = win / loss
    expected = (win_rate * odds - (1 - win_rate)) / odds
    assert kelly_fraction(win_rate, win, loss) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(RATES, MONEY, MONEY)
def test_a_fraction_is_at_most_the_win_rate_and_positive_with_an_edge(
    win_rate: float, win: float, loss: float
) -> None:
    fraction = kelly_fraction(win_rate, win, loss)
    exact_rate, exact_win, exact_loss = (Decimal(str(x)) for x in (win_rate, win, loss))
    assert fraction <= win_rate
    assert (fraction > 0) == (exact_rate * exact_win > (1 - exact_rate) * exact_loss)


@given(st.lists(st.tuples(RATES, MONEY, MONEY), min_size=1, max_size=20))
def test_the_formula_in_bulk_is_the_same_formula(bets: list[tuple[float, float, float]]) -> None:
    rates, wins, losses = np.array(bets).T
    expected = [kelly_fraction(*bet) for bet in bets]
    assert edge_over_odds(rates, wins, losses) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.01, 1.01, "x", None, True])
def test_a_bad_win_rate_is_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^win_rate "):
        kelly_fraction(bad, 2, 1)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0, -1, "x", None])
@pytest.mark.parametrize("name", ["avg_win", "avg_loss"])
def test_a_bad_amount_is_named(name: str, bad: Any) -> None:
    arguments = {"avg_win": 2, "avg_loss": 1, name: bad}
    with pytest.raises(ValueError, match=f"^{name} "):
        kelly_fraction(0.5, **arguments)


@pytest.mark.parametrize(
    ("target", "holdings", "open_remaining", "expected"),
    [
        (100, 0, 0, 100),
        (100, 40, 30, 30),
        (0, 100, 0, -100),
        (-50, 50, 0, -100),
        (100, 0, -20, 120),
        ("100", 100.0, Decimal(0), 0),
    ],
)
def test_what_is_still_to_be_ordered(
    target: Any, holdings: Any, open_remaining: Any, expected: int
) -> None:
    assert unordered_quantity(target, holdings, open_remaining) == expected


SHARES = st.integers(-(10**9), 10**9)


@given(st.lists(st.tuples(SHARES, SHARES, SHARES), min_size=1, max_size=20))
def test_ordering_it_reaches_the_target_one_by_one_and_in_bulk(rows: Any) -> None:
    unordered = [unordered_quantity(*row) for row in rows]
    for (target, holdings, open_remaining), quantity in zip(rows, unordered, strict=True):
        assert holdings + open_remaining + quantity == target
    assert unordered_quantity(*np.array(rows).T).tolist() == unordered


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.5, None, np.array([0.5])])
@pytest.mark.parametrize("name", ["target", "holdings", "open_remaining"])
def test_a_quantity_that_is_not_whole_is_named(name: str, bad: Any) -> None:
    arguments = {"target": 1, "holdings": 1, "open_remaining": 1, name: bad}
    with pytest.raises(ValueError, match=f"^{name} "):
        unordered_quantity(**arguments)
