"""The kernel of the cumulative rules."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.planning.risk.admission import Admission, admit_in_order, reducing_first

AMOUNTS = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), max_size=60)
POSITIVE = st.lists(st.floats(0, 1e6, allow_subnormal=False), max_size=60)
LIMIT = st.floats(0, 1e7)


def test_what_does_not_fit_is_refused_and_what_fits_goes_on() -> None:
    admission = admit_in_order(np.array([60.0, 50.0, 40.0, 1.0, 0.0]), 0.0, upper=100.0)
    assert admission.admitted.tolist() == [True, False, True, False, True]
    assert admission.before.tolist() == [0.0, 60.0, 60.0, 100.0, 100.0]


def test_a_step_back_towards_the_band_fits_even_from_outside_it() -> None:
    admission = admit_in_order(np.array([-10.0, 5.0, -200.0]), 150.0, upper=100.0, lower=0.0)
    assert admission.admitted.tolist() == [True, False, False]


@pytest.mark.parametrize("group", [None, np.array([0, 0, 0])])
def test_an_unknown_amount_is_refused_and_spoils_nothing(group: np.ndarray | None) -> None:
    admission = admit_in_order(np.array([1.0, np.nan, 2.0]), 0.0, upper=3.0, group=group)
    assert admission.admitted.tolist() == [True, False, True]
    assert admission.before.tolist() == [0.0, 1.0, 1.0]


def test_each_group_has_its_own_sum_start_and_limit() -> None:
    admission = admit_in_order(
        np.array([5, 5, 5, 5]),
        np.array([0, 5, 0, 5]),
        upper=np.array([10.0, 9.0, 10.0, 10.0]),
        group=np.array([0, 1, 0, 1]),
    )
    assert admission.admitted.tolist() == [True, False, True, True]


def test_no_rows() -> None:
    for group in (None, np.array([], dtype=np.int64)):
        admission = admit_in_order(np.array([]), 5.0, upper=1.0, group=group)
        assert admission.admitted.size == admission.before.size == 0


@given(POSITIVE, LIMIT)
def test_the_admitted_sum_never_exceeds_the_limit(amounts: list[float], limit: float) -> None:
    amount = np.array(amounts)
    admitted = admit_in_order(amount, 0.0, upper=limit).admitted
    # Added one by one, as the limit was: another order of addition may differ in the last bit.
    assert sum(amount[admitted].tolist()) <= limit


@given(AMOUNTS, LIMIT, LIMIT, st.floats(-1e7, 1e7))
def test_every_row_is_decided_by_the_sum_that_it_meets(
    amounts: list[float], upper: float, depth: float, start: float
) -> None:
    admission = admit_in_order(np.array(amounts), start, upper=upper, lower=-depth)
    running = start
    for amount, admitted, before in zip(amounts, *_rows(admission), strict=True):
        assert before == running
        after = running + amount
        fits = after <= upper if amount > 0 else after >= -depth if amount < 0 else True
        assert admitted == fits
        running = after if admitted else running


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 3)), max_size=40), st.integers(0, 20))
def test_groups_do_not_touch_each_other(rows: list[tuple[int, int]], limit: int) -> None:
    amount = np.array([row[0] for row in rows], dtype=np.int64)
    group = np.array([row[1] for row in rows], dtype=np.int64)
    together = admit_in_order(amount, 3.0, upper=limit, lower=-limit, group=group)
    for code in range(4):
        own = group == code
        alone = admit_in_order(amount[own], 3.0, upper=limit, lower=-limit)
        assert together.admitted[own].tolist() == alone.admitted.tolist()
        assert together.before[own].tolist() == alone.before.tolist()


@given(AMOUNTS, st.integers(0, 59))
def test_reductions_are_settled_once(amounts: list[float], every: int) -> None:
    amount = np.array(amounts)
    reducing = np.arange(amount.size) % (every + 1) == 0
    settled, rest = reducing_first(amount, reducing)
    assert settled == amount[reducing].sum()
    assert (rest[reducing] == 0).all()
    assert (rest[~reducing] == amount[~reducing]).all()


def test_an_unknown_reduction_is_not_settled() -> None:
    settled, rest = reducing_first(np.array([np.nan, 2.0]), np.array([True, True]))
    assert settled == 2.0
    assert np.isnan(rest[0])


def _rows(admission: Admission) -> tuple[list[bool], list[float]]:
    return admission.admitted.tolist(), admission.before.tolist()
