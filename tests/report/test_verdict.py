"""The first lines say what happened, nothing that is not known, and of what it is not."""

from datetime import timedelta

import pytest
from report_tables import DAY, days, order

from orderworks.report.figures import cost_of
from orderworks.report.verdict import attention, verdict

SESSION = "this session"


@pytest.mark.parametrize(
    ("released", "said"),
    [
        (0, "No order was sent in this session: there is nothing to measure."),
        (1, "1 order of this session has not been measured yet."),
        (12, "12 orders of this session have not been measured yet."),
    ],
)
def test_without_a_measured_order_it_says_so(released: int, said: str) -> None:
    assert verdict(cost_of([]), released, [], SESSION).startswith(said)


def test_unknown_costs_are_not_called_nothing() -> None:
    cost = cost_of([order(shortfall_total=None)])
    assert "is not known" in verdict(cost, 1, [], SESSION)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ((), "; there is no earlier day to compare it with"),
        ((4.0,), "; the day before cost 4.0 bps"),
        ((4.0, -6.0), "; the last 2 days gained 1.0 bps"),
        ((90.0, 80.0, 95.0, 85.0, 100.0), ", nothing unusual: the last 5 days cost 90.0 bps"),
        ((9.0,) * 10, ", dearer than 10 of the last 10 days, which cost 9.0 bps"),
        ((99.0,) * 10, ", cheaper than 10 of the last 10 days, which cost 99.0 bps"),
    ],
)
def test_it_compares_with_the_days_before(before: tuple[float, ...], said: str) -> None:
    told = verdict(cost_of([order()]), 1, days(*before), SESSION)
    assert told.startswith(f"Trading cost 87.00, 87.0 bps of what was decided{said}")


def test_it_names_what_most_of_the_cost_is() -> None:
    told = verdict(cost_of([order(shortfall_delay=50, shortfall_total=102)]), 1, [], SESSION)
    assert "Most of it" not in told
    told = verdict(cost_of([order(shortfall_delay=60, shortfall_total=112)]), 1, [], SESSION)
    assert told.endswith("Most of it is delay, between the decision and the orders' release.")


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((0, 0, 0, 0), "Nothing was rejected, no break is open, no alert was raised."),
        ((1, 0, 0, 0), "1 order was rejected."),
        (
            (2, 1, 3, 4),
            "2 orders were rejected, 1 break is open, 3 alerts were raised and 4 orders could not be "
            "measured whole.",
        ),
    ],
)
def test_what_a_person_should_look_at(counts: tuple[int, int, int, int], said: str) -> None:
    assert attention(*counts, {}) == said


@pytest.mark.parametrize(
    ("days_and_orders", "said"),
    [
        (
            (1,),
            "1 order of session 2026-11-20 was released and not measured: 'orderworks run end-of-day "
            "--session 2026-11-20' measures it. 1 break is open.",
        ),
        (
            (3, 1),
            "4 orders of sessions 2026-11-20 and 2026-11-21 were released and not measured: 'orderworks "
            "run end-of-day --session DATE' measures them, a session each. 1 break is open.",
        ),
        (
            (1,) * 8,
            "8 orders of sessions 2026-11-20, 2026-11-21, 2026-11-22, 2026-11-23, 2026-11-24 and 3 later "
            "ones were released and not measured: 'orderworks run end-of-day --session DATE' measures "
            "them, a session each. 1 break is open.",
        ),
    ],
)
def test_orders_that_no_figure_knows_of_come_first(
    days_and_orders: tuple[int, ...], said: str
) -> None:
    left_out = {DAY + timedelta(days=n): orders for n, orders in enumerate(days_and_orders)}
    assert attention(0, 1, 0, 0, left_out) == said
