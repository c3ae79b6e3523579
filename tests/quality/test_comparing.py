"""A difference that is there is found, one that is not is not, and what it would take is about right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.quality.comparing import Difference, compare

STRATA = 5


def drawn(
    draws: np.random.Generator,
    orders: int,
    difference: float,
    share: float = 0.5,
    unequal: float = 1.2,
) -> Difference:
    """An experiment of orders of very unequal value, whose costs differ and vary by stratum."""
    strata = draws.integers(0, STRATA, orders)
    treated = np.zeros(orders, dtype=bool)
    for stratum in range(STRATA):
        members = draws.permutation(np.flatnonzero(strata == stratum))
        treated[members[: int(len(members) * share + draws.random())]] = True
    notionals = draws.lognormal(0, unequal, orders) * np.exp(strata / 2)
    costs = 3.0 * strata + difference * treated + draws.standard_t(4, orders) * (4 + 2 * strata)
    return compare(costs, notionals, treated, [f"s{one}" for one in strata])


@pytest.mark.parametrize(("orders", "share"), [(20, 0.5), (60, 0.5), (60, 0.3), (300, 0.5)])
def test_without_a_difference_19_of_20_intervals_hold_none(orders: int, share: float) -> None:
    draws = np.random.default_rng(11)
    found = [drawn(draws, orders, 0.0, share) for _ in range(1000)]
    told = sum(one.is_told for one in found if one.high_bps is not None)
    # Three standard errors of 1,000 experiments; with few orders rather too careful.
    assert 0.015 <= told / len(found) <= 0.071


def test_a_planted_difference_is_found_and_its_interval_holds_it() -> None:
    draws = np.random.default_rng(12)
    found = [drawn(draws, 400, 15.0) for _ in range(300)]
    assert sum(one.is_told for one in found) > 0.9 * len(found)
    assert all((one.bps or 0) > 0 for one in found)
    assert np.mean([one.bps for one in found]) == pytest.approx(15.0, abs=0.6)
    held = sum(1 for one in found if (one.low_bps or 0) <= 15.0 <= (one.high_bps or 0))
    assert 0.91 <= held / len(found) <= 0.985


def test_what_it_would_still_take_tells_the_difference_in_about_four_of_five() -> None:
    draws = np.random.default_rng(13)
    # Of orders of like value; a few huge ones weigh the more, the fewer they are among.
    error = np.std([drawn(draws, 60, 4.0, unequal=0.4).bps for _ in range(400)])
    whole = round(60 * (2.8 * error / 4.0) ** 2)
    found = [drawn(draws, whole, 4.0, unequal=0.4) for _ in range(300)]
    assert 0.7 <= sum(one.is_told for one in found) / len(found) <= 0.9
    unsure = [
        one for one in (drawn(draws, 60, 4.0, unequal=0.4) for _ in range(400)) if not one.is_told
    ]
    close = [one.needed for one in unsure if one.bps is not None and abs(one.bps - 4.0) < 0.4]
    assert np.median([needed for needed in close if needed]) == pytest.approx(whole - 60, rel=0.35)


@given(
    st.lists(st.tuples(st.floats(-50, 50), st.floats(1, 100)), min_size=6, max_size=12),
    st.floats(-10, 10),
    st.floats(0.5, 20),
)
def test_levels_of_strata_and_currencies_do_not_matter(
    rows: list[tuple[float, float]], level: float, rate: float
) -> None:
    costs, notionals = (np.array(column) for column in zip(*rows, strict=True))
    treated = np.arange(len(rows)) % 2 == 0
    strata = ["a" if place < 3 else "b" for place in range(len(rows))]
    found = compare(costs, notionals, treated, strata)
    raised = costs + level * np.array([one == "b" for one in strata])
    other = compare(raised, notionals * rate, treated, strata)
    assert (found.bps, found.low_bps) == pytest.approx((other.bps, other.low_bps), abs=1e-6)
    swapped = compare(costs, notionals, ~treated, strata)
    assert (swapped.bps, swapped.high_bps) == pytest.approx(
        (-(found.bps or 0), -(found.low_bps or 0)), abs=1e-6
    )


def test_in_one_stratum_it_is_the_difference_of_the_weighted_costs() -> None:
    costs, notionals = np.array([1.0, 5.0, 2.0, 8.0]), np.array([1.0, 3.0, 1.0, 1.0])
    found = compare(costs, notionals, np.array([False, False, True, True]), ["one"] * 4)
    assert found.bps == pytest.approx(5.0 - 4.0)
    assert (found.orders, found.treated, found.alone) == (4, 2, 0)


def test_what_cannot_be_compared_is_left_out_and_said() -> None:
    costs, notionals = np.array([1.0, 5.0, 2.0]), np.ones(3)
    nothing = compare(costs, notionals, np.array([True, True, False]), ["a", "b", "c"])
    assert nothing == Difference(0, 0, 3, None, None, None, None)
    few = compare(costs, notionals, np.array([True, False, True]), ["a", "a", "c"])
    assert (few.orders, few.alone, few.bps, few.low_bps) == (2, 1, -4.0, None)
    assert not few.is_told
    assert compare(np.array([]), np.array([]), np.array([], dtype=bool), []).bps is None
