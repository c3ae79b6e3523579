"""When children are due: the run's horizon, the signal's own, TWAP and VWAP."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.planning.scheduling import Horizon, horizon, own_horizon, schedule
from orderworks.planning.slicing import Slice, twap, vwap

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WINDOW = Horizon(START, START + 5 * MINUTE, 5)
CURVE = [4.0, 3.0, 0.0, 2.0, 1.0]
ORDER: dict[str, Any] = {
    "strategy": "trend",
    "symbol": "AAPL",
    "side": "buy",
    "quantity": 1_000,
    "lot_size": 1,
    "algo": "twap",
}


def routed(*rows: dict[str, Any]) -> pd.DataFrame:
    """Orders of a thousand shares to be worked, each changed as its row says."""
    return pd.DataFrame([ORDER | {"symbol": f"S{i}"} | row for i, row in enumerate(rows)])


def cut(
    *rows: dict[str, Any], curves: dict[str, list[float]] | None = None
) -> list[list[tuple[int, datetime, int]]]:
    """Index, time and quantity of each child, by parent."""
    children = schedule(routed(*rows), WINDOW, "SIM1", "daily:2026-11-20", curves or {}).children
    found: list[list[tuple[int, datetime, int]]] = [[] for _ in rows]
    for parent, index, due, quantity in children[
        ["parent", "slice_index", "due_at", "quantity"]
    ].itertuples(index=False):
        found[parent].append((index, due.to_pydatetime(), quantity))
    return found


@pytest.mark.parametrize(
    ("left", "slices"),
    [
        (timedelta(hours=1), 5),
        (5 * MINUTE, 5),
        (timedelta(minutes=4, seconds=59), 4),
        (MINUTE, 1),
    ],
)
def test_a_late_start_shrinks_the_horizon_and_not_the_interval(
    left: timedelta, slices: int
) -> None:
    assert horizon(START, START + left, 5, MINUTE) == Horizon(
        START, START + slices * MINUTE, slices
    )


@pytest.mark.parametrize("left", [timedelta(seconds=59), timedelta(0), -MINUTE])
def test_without_time_for_a_slice_there_is_no_horizon(left: timedelta) -> None:
    assert horizon(START, START + left, 5, MINUTE) is None


def test_a_worked_parent_is_cut_evenly_and_another_is_due_at_once() -> None:
    worked, whole = cut({"quantity": 1_002}, {"algo": "none"})
    assert worked == [
        (i, START + i * MINUTE, quantity) for i, quantity in enumerate([201, 201, 200, 200, 200])
    ]
    assert whole == [(0, START, 1_000)]


def test_vwap_follows_its_curve_and_leaves_out_what_gets_no_lot() -> None:
    (found,) = cut({"algo": "vwap"}, curves={"0": CURVE})
    assert found == [
        (0, START, 400),
        (1, START + MINUTE, 300),
        (2, START + 3 * MINUTE, 200),
        (3, START + 4 * MINUTE, 100),
    ]


def test_a_curve_goes_by_the_place_of_its_parent() -> None:
    found = cut({}, {"algo": "vwap"}, {"algo": "none"}, curves={"1": [0.0, 0.0, 0.0, 0.0, 1.0]})
    assert found[1] == [(0, START + 4 * MINUTE, 1_000)]
    assert [len(children) for children in found] == [5, 1, 1]


def test_a_signal_may_state_its_own_horizon() -> None:
    later, end = START + 10 * MINUTE, START + 14 * MINUTE
    found = cut(
        {"start": later, "end": end, "slices": 2},
        {"start": pd.NaT, "end": pd.NaT, "slices": None},
        {"algo": "none", "start": later, "end": end, "slices": None},
    )
    assert found[0] == [(0, later, 500), (1, later + 2 * MINUTE, 500)]
    assert [due for _, due, _ in found[1]] == [START + i * MINUTE for i in range(5)]
    assert found[2] == [(0, later, 1_000)]


def test_its_own_start_is_never_before_the_runs() -> None:
    own = own_horizon(routed({"start": START - MINUTE, "end": START + MINUTE}), 0, WINDOW)
    assert own == Horizon(START, START + MINUTE, 5)


def test_where_what_was_missed_counts_its_own_start_is_kept() -> None:
    stated = routed({"start": START - MINUTE, "end": START + MINUTE})
    late = replace(WINDOW, since=START - 10 * MINUTE)
    assert own_horizon(stated, 0, late).start == START - MINUTE
    assert own_horizon(stated, 0, replace(late, since=START)).start == START
    assert own_horizon(routed({}), 0, late).start == START


def test_a_parent_knows_when_it_begins_and_ends() -> None:
    end = START + 2 * MINUTE
    parents = schedule(
        routed({}, {"start": START + MINUTE, "end": end}), WINDOW, "SIM1", "r", {}
    ).parents
    assert parents["due_at"].tolist() == [START, START + MINUTE]
    assert parents["ends_at"].tolist() == [WINDOW.end, end]


def test_the_same_run_derives_the_same_names_and_another_run_others() -> None:
    rows = routed({}, {"strategy": "reversal"}, {"algo": "vwap"})

    def names(run_key: str) -> list[str]:
        made = schedule(rows, WINDOW, "SIM1", run_key, {"2": CURVE})
        return [*made.parents["client_order_id"], *made.children["client_order_id"]]

    first = names("daily:2026-11-20")
    assert first == names("daily:2026-11-20")
    assert len(set(first)) == len(first)
    assert not set(first) & set(names("daily:2026-11-23"))


PARENTS = st.lists(
    st.fixed_dictionaries(
        {
            "lots": st.integers(1, 500),
            "lot_size": st.sampled_from([1, 10, 100]),
            "algo": st.sampled_from(["none", "twap", "vwap"]),
            "slices": st.none() | st.integers(1, 9),
        }
    ),
    min_size=1,
    max_size=6,
)


@given(PARENTS)
def test_slices_are_those_of_the_scalar_and_sum_to_their_parent(
    parents: list[dict[str, Any]],
) -> None:
    rows = [p | {"quantity": p["lots"] * p["lot_size"]} for p in parents]
    curves = {
        str(place): [float(1 + i % 3) for i in range(row["slices"] or WINDOW.slices)]
        for place, row in enumerate(rows)
    }
    made = schedule(routed(*rows), WINDOW, "SIM1", "daily:2026-11-20", curves)
    assert (made.children["scheduled_quantity"] == made.children["parent_quantity"]).all()
    for place, (row, found) in enumerate(zip(rows, cut(*rows, curves=curves), strict=True)):
        slices = row["slices"] or WINDOW.slices
        quantity, lot = row["quantity"], row["lot_size"]
        match row["algo"]:
            case "none":
                expected = [Slice(0, START, quantity)]
            case "twap":
                expected = twap(quantity, START, WINDOW.end, slices, lot)
            case "vwap":
                expected = vwap(quantity, START, WINDOW.end, slices, curves[str(place)], lot)
        assert found == [(s.index, s.due_at, s.quantity) for s in expected]
        assert sum(shares for *_, shares in found) == quantity
        assert all(WINDOW.start <= due < WINDOW.end for _, due, _ in found)
