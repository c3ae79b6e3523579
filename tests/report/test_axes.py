"""Axes have a few round numbers and times, whatever they span."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_tables import OPEN

from orderworks.report.day_charts import compact, time_labels
from orderworks.report.svg import Scale, nice_ticks


@given(st.floats(-1000, 1000), st.floats(1e-3, 1e9))
def test_ticks_are_few_even_and_inside(begin: float, reach: float) -> None:
    low = begin * reach
    ticks = nice_ticks(low, low + reach)
    assert 1 <= len(ticks) <= 6
    assert all(low - reach * 1e-6 <= tick <= low + reach * (1 + 1e-6) for tick in ticks)
    steps = {round((after - before) / reach, 6) for before, after in pairwise(ticks)}
    assert len(steps) <= 1


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (-4, 12, [0, 5, 10]),
        (176.4, 177.1, [176.4, 176.6, 176.8, 177.0]),
        (5, 5, [5]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == pytest.approx(ticks)


@given(st.integers(0, 365 * 86_400), st.floats(60, 200 * 86_400))
def test_times_are_few_and_in_order(later: int, seconds: float) -> None:
    start = OPEN + timedelta(seconds=later)
    labels = time_labels(start, start + timedelta(seconds=seconds), 100)
    places = [float(str(label.get("x")).rstrip("%")) for label in labels]
    assert len(labels) <= 6
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)


def test_a_session_has_times_and_a_week_has_dates() -> None:
    def said(hours: float) -> list[str | None]:
        return [label.text for label in time_labels(OPEN, OPEN + timedelta(hours=hours), 100)]

    assert said(6.5) == ["10:00", "12:00", "14:00", "16:00"]
    assert said(72) == ["21 Nov", "22 Nov", "23 Nov"]


def test_a_scale_without_reach_stands_in_the_middle() -> None:
    assert Scale(5, 5)(5) == 0.5
    assert Scale(0, 10, 100, 0)(2.5) == 75


@pytest.mark.parametrize(
    ("amount", "said"),
    [(0, "0"), (950, "950"), (250_000, "250k"), (-1_500_000, "−1.5M"), (2e9, "2bn")],
)
def test_amounts_are_short(amount: float, said: str) -> None:
    assert compact(amount) == said
