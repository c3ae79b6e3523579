"""What came of an experiment is said in words, and never more than its orders say."""

from typing import Any

import numpy as np
import pytest
from page_elements import Elements
from report_tables import AT, content, experiment_order, experiment_orders, order

from orderworks.report.experiments import compared_of
from orderworks.report.page import render


def test_a_difference_that_is_there_is_said_so() -> None:
    (found,) = compared_of(experiment_orders(80, -9.0))
    assert found.difference.is_told
    assert found.said.startswith("With what was not filled, the shortfall by vwap was ")
    assert " bps lower than by twap, 95 % interval −" in found.said
    assert found.said.endswith("bps: distinguishable from none.")


def test_a_difference_within_noise_says_what_it_would_take() -> None:
    (found,) = compared_of(experiment_orders(80))
    assert "not yet distinguishable from none. If it is as large as it seems, about " in found.said
    assert "more orders would tell it" in found.said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([experiment_order(True, 3.0)], "no stratum has an order of known shortfall by twap"),
        (
            [experiment_order(True, None), experiment_order(False, None)],
            "Nothing can be compared yet",
        ),
        (
            [experiment_order(True, 3.0), experiment_order(False, 1.0)],
            "the shortfall by vwap was 2.0 bps higher than by twap, of too few orders",
        ),
    ],
)
def test_too_few_orders_say_nothing(rows: list[dict[str, Any]], said: str) -> None:
    (found,) = compared_of(rows)
    assert said in found.said


def passive(draws: np.random.Generator, orders: int, missed: float) -> list[dict[str, Any]]:
    """Half cross the spread and pay 5 bps; half rest, gain 5 bps where the market comes to them, and else
    miss its move: ``missed`` bps in the mean of those."""
    rows = []
    for place in range(orders):
        rests, move = bool(place % 2), draws.normal(0, missed / np.sqrt(2 / np.pi))
        unfilled = rests and move > 0
        bps = move if unfilled else draws.normal(-5.0 if rests else 5.0, 3.0)
        rows.append(experiment_order(rests, bps, filled=0.0 if unfilled else 10_000.0))
    return rows


def test_what_rests_and_is_not_filled_is_not_cheaper_for_it() -> None:
    draws = np.random.default_rng(6)
    # Half of -5 and half of 15 is 5: to rest costs what to cross costs.
    found = [compared_of(passive(draws, 300, 15.0))[0] for _ in range(200)]
    assert np.mean([one.difference.bps for one in found]) == pytest.approx(0, abs=0.25)
    # Three standard errors of 200 experiments.
    assert sum(one.difference.is_told for one in found) <= 0.097 * len(found)


def test_an_alternative_that_misses_more_is_dearer_and_its_fill_rate_is_beside() -> None:
    rows = passive(np.random.default_rng(7), 1000, 35.0)
    (found,) = compared_of(rows)
    assert found.said.startswith("With what was not filled, the shortfall by vwap was ")
    assert " bps higher than by twap" in found.said
    assert found.difference.is_told
    crossed, rested = found.arms
    assert crossed.filled_share == 1.0
    assert rested.filled_share == pytest.approx(sum(row["filled"] > 0 for row in rows[1::2]) / 500)
    assert (crossed.cost and crossed.cost.orders, rested.cost and rested.cost.orders) == (500, 500)


def test_an_order_counts_by_what_was_decided_not_by_what_was_filled() -> None:
    (found,) = compared_of(
        [
            experiment_order(False, 0.0),
            experiment_order(True, 2.0),
            experiment_order(True, 10.0, paper=30_000.0, filled=0.0),
        ]
    )
    assert found.difference.bps == pytest.approx((2 + 3 * 10) / 4)
    assert found.arms[1].filled_share == pytest.approx(0.25)


def test_what_has_no_cost_is_counted_for_each_alternative() -> None:
    nothing = {"paper": None, "filled": None}
    rows = [
        *experiment_orders(80),
        *[experiment_order(False, None, released=False, **nothing)] * 3,
        *[experiment_order(True, None, released=False, **nothing)] * 2,
        experiment_order(True, None, **nothing),
        experiment_order(False, None, filled=0.0),
    ]
    (found,) = compared_of(rows)
    assert (found.drawn, found.difference.orders) == (87, 80)
    assert found.left_out == (
        "Not released, so of no cost: 3 by twap and 2 by vwap. Released and not measured: 0 by twap and "
        "1 by vwap. Of unknown shortfall: 1 by twap and 0 by vwap."
    )
    # Of the one whose shortfall is not known it is known that it was not filled.
    assert found.arms[0].filled_share == pytest.approx(40 / 41)
    assert found.left_out in Elements(render(content(order(), drawn=rows), AT)).text
    assert compared_of(experiment_orders(80))[0].left_out == ""


def test_other_terms_under_the_same_name_are_another_experiment() -> None:
    found = compared_of(
        [*experiment_orders(80, 1.0), *(row | {"seed": 8} for row in experiment_orders(80, 1.0))]
    )
    assert [(one.seed, one.drawn) for one in found] == [(7, 80), (8, 80)]


def test_the_page_shows_it_with_what_it_is_made_of() -> None:
    page = Elements(render(content(order(), drawn=experiment_orders(80, -9.0)), AT))
    (found,) = compared_of(experiment_orders(80, -9.0))
    for said in (
        *(found.said, "vwap for large", "80 orders drawn with seed 7, 50 % to vwap."),
        *("Filled", "100 %"),
    ):
        assert said in page.text
