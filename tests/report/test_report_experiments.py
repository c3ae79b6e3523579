"""What came of an experiment is said in words, and never more than its orders say."""

from typing import Any

import pytest
from page_elements import Elements
from report_tables import AT, content, experiment_order, experiment_orders, order

from orderworks.report.experiments import compared_of
from orderworks.report.page import render


def test_a_difference_that_is_there_is_said_so() -> None:
    (found,) = compared_of(experiment_orders(80, -9.0))
    assert found.difference.is_told
    assert found.said.startswith("vwap cost ")
    assert " bps less than twap, 95 % interval −" in found.said
    assert found.said.endswith("bps: distinguishable from none.")


def test_a_difference_within_noise_says_what_it_would_take() -> None:
    (found,) = compared_of(experiment_orders(80))
    assert "not yet distinguishable from none. If it is as large as it seems, about " in found.said
    assert "more orders would tell it" in found.said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([experiment_order(True, 3.0)], "no stratum has a filled order by twap and one by vwap."),
        (
            [experiment_order(True, None), experiment_order(False, None)],
            "Nothing can be compared yet",
        ),
        (
            [experiment_order(True, 3.0), experiment_order(False, 1.0)],
            "vwap cost 2.0 bps more than twap, of too few orders",
        ),
    ],
)
def test_too_few_orders_say_nothing(rows: list[dict[str, Any]], said: str) -> None:
    (found,) = compared_of(rows)
    assert said in found.said


def test_other_terms_under_the_same_name_are_another_experiment() -> None:
    found = compared_of(
        [*experiment_orders(80, 1.0), *(row | {"seed": 8} for row in experiment_orders(80, 1.0))]
    )
    assert [(one.seed, one.drawn) for one in found] == [(7, 80), (8, 80)]


def test_the_page_shows_it_with_what_it_is_made_of() -> None:
    page = Elements(render(content(order(), drawn=experiment_orders(80, -9.0)), AT))
    (found,) = compared_of(experiment_orders(80, -9.0))
    for said in (found.said, "vwap for large", "80 orders drawn with seed 7, 50 % to vwap."):
        assert said in page.text
