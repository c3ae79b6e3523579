"""Slices that were missed: what is worked into the next, what waits, what is given up."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import rows
from unreliable_broker import received, require_equal_books
from working_orders import ACCOUNT, at, family

from orderworks.desk.desk import Desk
from orderworks.desk.missed import Missed, MissedPolicy
from orderworks.desk.releasing import SKIPPED, Agenda, due_now
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.orders import OrderMap, OrderRecord
from orderworks.model.state import OrderState
from orderworks.settings import load_settings

S, P = OrderState, MissedPolicy


def by_name(orders: Iterable[OrderRecord]) -> OrderMap:
    return {one.client_order_id: one for one in orders}


def sent(agenda: Agenda) -> dict[str, int]:
    return {one.order.client_order_id: one.quantity for one in agenda.due}


def idle(agenda: Agenda) -> dict[str, str]:
    return {one.client_order_id: reason for one, reason in agenda.idle}


FIVE = (10, 20, 30, 40, 50)
"""Slices due a minute apart; at second 130 the first two were missed and the third is due."""


def test_caught_up_with_at_once() -> None:
    found = due_now(by_name(family("p", *FIVE)), at(130), {}, Missed(P.CATCH_UP))
    assert sent(found) == {"p-2": 60}
    assert idle(found).keys() == {"p-0", "p-1"}


@pytest.mark.parametrize(
    ("cap", "quantity", "worked_in"), [(9, 30, 0), (10, 40, 1), (29, 40, 1), (30, 60, 2)]
)
def test_caught_up_with_as_far_as_the_market_allows(
    cap: int, quantity: int, worked_in: int
) -> None:
    found = due_now(by_name(family("p", *FIVE)), at(130), {}, Missed(P.CATCH_UP, {"p": cap}))
    assert sent(found) == {"p-2": quantity}
    assert list(idle(found)) == ["p-0", "p-1"][:worked_in]
    assert found.smaller == []


def test_spread_over_what_is_left_of_the_horizon() -> None:
    orders = by_name(family("p", *FIVE))
    amounts = {}
    for minute in (2, 3, 4):
        found = due_now(orders, at(60 * minute + 10), {}, Missed(P.SHRINK))
        amounts |= sent(found)
        for one, _ in found.idle:
            one.state = S.CANCELLED
        for one in found.due:
            one.order.state, one.order.quantity = S.FILLED, one.quantity
            one.order.filled_quantity = one.quantity
            orders["p"].filled_quantity += one.quantity
    assert amounts == {"p-2": 40, "p-3": 60, "p-4": 50}
    assert orders["p"].remaining == 0


def test_given_up() -> None:
    orders = by_name(family("p", *FIVE))
    found = due_now(orders, at(130), {}, Missed(P.SKIP))
    assert sent(found) == {"p-2": 30}
    assert idle(found) == {"p-0": SKIPPED, "p-1": SKIPPED}
    assert found.smaller == [(orders["p"], 30)]


def test_a_sweep_stands_for_all_that_waits_unless_it_is_given_up() -> None:
    *orders, last = family("p", 10, 20, 30)
    orders = [*orders, replace(last, route_rule="SWEEP", due_at=at(100))]
    capped = due_now(by_name(orders), at(130), {}, Missed(P.CATCH_UP, {"p": 0}))
    assert sent(capped) == {"p-2": 60}
    given_up = due_now(by_name(orders), at(130), {}, Missed(P.SKIP))
    assert sent(given_up) == {"p-2": 30}


@given(
    quantities=st.lists(st.integers(1, 50), min_size=1, max_size=6),
    policy=st.sampled_from(list(P)),
    cap=st.none() | st.integers(0, 200),
    times=st.lists(st.integers(0, 400), min_size=1, max_size=6),
)
def test_whatever_was_missed_no_more_is_worked_than_was_ordered_and_nothing_is_lost_sight_of(
    quantities: list[int], policy: MissedPolicy, cap: int | None, times: list[int]
) -> None:
    orders = by_name(replace(one, ends_at=at(3600)) for one in family("p", *quantities))
    parent, total = orders["p"], sum(quantities)
    caps = {} if cap is None else {"p": cap}
    for seconds in sorted(times):
        found = due_now(orders, at(seconds), {}, Missed(policy, caps))
        for one, _ in found.idle:
            one.state = S.CANCELLED
        for smaller, shares in found.smaller:
            assert shares > 0
            smaller.quantity -= shares
            total -= shares
        for one in found.due:
            one.order.state, one.order.quantity = S.FILLED, one.quantity
            one.order.filled_quantity = one.quantity
            parent.filled_quantity += one.quantity
        waiting = sum(
            c.planned_quantity for c in orders.values() if c.parent_id and c.state is S.NEW
        )
        # What has not been traded waits in a slice, to the share.
        assert parent.filled_quantity + waiting == total == parent.quantity


# On a desk ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "first_wave", "ordered"),
    [("catch_up", 100, 100), ("skip", 40, 40), ("shrink", 100, 100)],
)
async def test_a_worker_that_comes_late(
    desk: Desk, policy: str, first_wave: int, ordered: int
) -> None:
    """The first slice of 60 was missed, and the second of 40 is the last."""
    desk.settings = load_settings(execution={"missed_wave": policy})
    await desk.clock.sleep_until(at(65))
    await work_wave(desk, Wave(0, desk.clock.now(), at(200)))
    assert await received(desk) == ["p-1"]
    found = {
        row["client_order_id"]: row
        for row in rows(desk.ledger, "SELECT * FROM orders WHERE account = %s", ACCOUNT)
    }
    assert found["p-1"]["quantity"] == first_wave
    assert (found["p"]["quantity"], found["p"]["planned_quantity"]) == (ordered, 100)
    assert found["p-0"]["state"] == "CANCELLED"
    assert found["p"]["state"] == "FILLED"
    assert found["p"]["filled_quantity"] == ordered
    await require_equal_books(desk)
