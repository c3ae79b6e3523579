"""When what rests passively crosses: before its own time ends, never before it has begun."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.order import Remainder
from orderworks.planning.crossing import cross_times
from orderworks.planning.routing import LATE_CROSS
from orderworks.planning.scheduling import Horizon, schedule

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WINDOW = Horizon(START, START + 4 * MINUTE, 4)
BEFORE = timedelta(seconds=10)
ORDER: dict[str, Any] = {
    "strategy": "trend",
    "side": "buy",
    "quantity": 1_000,
    "lot_size": 1,
    "algo": "twap",
    "route_rule": "LARGE_PASSIVE",
    "remainder": "sweep",
    "start": pd.NaT,
    "end": pd.NaT,
    "slices": None,
}


def crossing(*rows: dict[str, Any], before: timedelta = BEFORE) -> list[list[float | None]]:
    """Seconds after the start at which each child crosses, by parent; None where it never does."""
    routed = pd.DataFrame([ORDER | {"symbol": f"S{i}"} | row for i, row in enumerate(rows)])
    for name in ("start", "end"):
        routed[name] = pd.to_datetime(routed[name], utc=True)
    planned = schedule(routed, WINDOW, "SIM1", "daily:2026-11-20", {})
    times = cross_times(planned, before)
    assert len(times) == len(planned.children)
    found: list[list[float | None]] = [[] for _ in rows]
    for parent, time in zip(planned.children["parent"], times, strict=True):
        seconds = None if pd.isna(time) else (time - START).total_seconds()
        found[parent].append(seconds)
    return found


def test_a_passive_slice_crosses_before_the_next_and_the_last_before_the_end() -> None:
    assert crossing({}) == [[50, 110, 170, 230]]


def test_each_parent_ends_by_itself() -> None:
    assert crossing({}, {"quantity": 2}, {"end": START + 2 * MINUTE, "slices": 2}) == [
        [50, 110, 170, 230],
        [110, 230],
        [50, 110],
    ]


@pytest.mark.parametrize("remainder", list(Remainder))
def test_passive_slices_cross_whatever_becomes_of_the_rest(remainder: Remainder) -> None:
    assert crossing({"remainder": remainder.value}) == [[50, 110, 170, 230]]


@pytest.mark.parametrize("rule", ["LARGE", "ALGO", "SIGNAL"])
def test_slices_that_are_not_passive_never_cross(rule: str) -> None:
    assert crossing({"route_rule": rule}) == [[None] * 4]


def test_an_order_that_is_not_sliced_crosses_where_its_rest_is_swept() -> None:
    plain = {"algo": "none", "route_rule": "MEDIUM"}
    swept = [crossing(plain | {"remainder": one.value})[0] for one in Remainder]
    assert swept == [[230 if one is Remainder.SWEEP else None] for one in Remainder]


@pytest.mark.parametrize("rule", ["SIGNAL", "SIGNAL_STOP"])
def test_an_order_at_the_traders_own_price_never_crosses(rule: str) -> None:
    assert crossing({"algo": "none", "route_rule": rule}) == [[None]]


def test_a_slice_that_is_shorter_crosses_at_once() -> None:
    assert crossing({}, before=90 * timedelta(seconds=1)) == [[0, 60, 120, 180]]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "quantity": st.integers(1, 6),
                "algo": st.sampled_from(["none", "twap"]),
                "route_rule": st.sampled_from([*sorted(LATE_CROSS), "LARGE", "SIGNAL", "MEDIUM"]),
                "remainder": st.sampled_from([one.value for one in Remainder]),
                "slices": st.none() | st.integers(1, 5),
            }
        ),
        min_size=1,
        max_size=5,
    ),
    st.timedeltas(timedelta(0), timedelta(minutes=6)),
)
def test_a_child_crosses_within_its_own_time(rows: list[dict[str, Any]], before: timedelta) -> None:
    for times in crossing(*rows, before=before):
        known = [time for time in times if time is not None]
        assert len(known) in (0, len(times))
        assert known == sorted(known)
        assert all(0 <= time <= 240 for time in known)
