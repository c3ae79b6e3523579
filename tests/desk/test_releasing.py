"""What is due: however the market treats the slices, a parent is sent once over, and all of it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from working_orders import at, family, order

from orderworks.desk.releasing import Due, due_now, leftovers, sweeps_due
from orderworks.ledger.orders import OrderMap, OrderRecord
from orderworks.model.state import AT_BROKER, TERMINAL, OrderState

S = OrderState
BEFORE = timedelta(seconds=10)


def by_name(orders: Iterable[OrderRecord]) -> OrderMap:
    return {one.client_order_id: one for one in orders}


def working(orders: OrderMap) -> int:
    """What children at the broker may still fill."""
    return sum(one.remaining for one in orders.values() if one.parent_id and one.state in AT_BROKER)


def agenda(orders: OrderMap, seconds: float) -> tuple[dict[str, int], dict[str, str]]:
    """What is due with its quantity, and what is idle with its reason, at a time."""
    found = due_now(orders, at(seconds))
    return (
        {one.order.client_order_id: one.quantity for one in found.due},
        {child.client_order_id: reason for child, reason in found.idle},
    )


# Over any history ------------------------------------------------------------------------------


def release(one: Due, state: OrderState) -> None:
    one.order.quantity, one.order.attempts = one.quantity, one.order.attempts + 1
    one.order.state = state


def live_through(data: st.DataObject, orders: OrderMap, *, give_way: bool) -> None:
    """Something happens to each slice at the broker, or nothing."""
    for child in orders.values():
        if not child.parent_id or child.state not in AT_BROKER:
            continue
        if child.state is S.UNKNOWN:
            child.state = data.draw(st.sampled_from([S.NEW, S.SUBMITTED, S.UNKNOWN, S.REJECTED]))
            continue
        part = data.draw(st.integers(0, child.remaining))
        child.filled_quantity += part
        orders["p"].filled_quantity += part
        if part:
            child.state = S.PARTIALLY_FILLED if child.remaining else S.FILLED
        # A cancel may be refused, and the broker may end an order by itself.
        ends = [S.CANCELLED, child.state] if give_way else [child.state, child.state, S.EXPIRED]
        if child.remaining:
            child.state = data.draw(st.sampled_from(ends))


@given(quantities=st.lists(st.integers(1, 50), min_size=1, max_size=6), data=st.data())
def test_catching_up_conserves_the_parent(quantities: list[int], data: st.DataObject) -> None:
    total, last = sum(quantities), len(quantities) - 1
    orders = by_name(replace(one, ends_at=at(3600)) for one in family("p", *quantities))
    parent, seconds = orders["p"], 0.0
    while seconds <= 60 * last + 120:
        live_through(data, orders, give_way=bool(leftovers(orders, at(seconds), carry=False)))
        found = due_now(orders, at(seconds))
        for child, _ in found.idle:
            child.state = S.CANCELLED
        for one in found.due:
            assert one.quantity > 0
            release(one, data.draw(st.sampled_from([S.SUBMITTED, S.UNKNOWN, S.REJECTED])))
            assert parent.filled_quantity + working(orders) <= total
            if one.order.slice_index == last and one.order.state in AT_BROKER:
                # Nothing is to come: what has not filled is now at the broker, to the share.
                assert parent.filled_quantity + working(orders) == total
        seconds += data.draw(st.sampled_from([30, 60, 60, 150]))
    assert parent.filled_quantity + working(orders) <= total


@given(quantities=st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_slices_that_fill_are_sent_as_planned(quantities: list[int]) -> None:
    orders = by_name(replace(one, ends_at=at(3600)) for one in family("p", *quantities))
    for number, quantity in enumerate(quantities):
        due, idle = agenda(orders, 60 * number)
        assert (due, idle) == ({f"p-{number}": quantity}, {})
        child = orders[f"p-{number}"]
        child.filled_quantity, child.state = quantity, S.FILLED
        orders["p"].filled_quantity += quantity


# One thing at a time ---------------------------------------------------------------------------


def test_what_a_slice_missed_is_worked_into_the_next() -> None:
    orders = by_name(family("p", 40, 30, 30))
    orders["p-0"].state, orders["p-0"].filled_quantity = S.CANCELLED, 15
    orders["p"].filled_quantity = 15
    assert agenda(orders, 60) == ({"p-1": 55}, {})


def test_what_still_works_is_not_sent_again() -> None:
    for state in AT_BROKER:
        orders = by_name(family("p", 40, 30, 30))
        orders["p-0"].state = state
        assert agenda(orders, 60) == ({"p-1": 30}, {})


def test_of_several_that_are_due_the_last_stands_for_all() -> None:
    orders = by_name(family("p", 40, 30, 30))
    assert agenda(orders, 60) == ({"p-1": 70}, {"p-0": "missed its time; worked into slice 1"})
    assert agenda(orders, -1) == ({}, {})


def test_a_slice_with_nothing_left_is_idle() -> None:
    orders = by_name(family("p", 40, 30))
    orders["p-0"].state, orders["p-0"].quantity = S.SUBMITTED, 70
    assert agenda(orders, 60) == ({}, {"p-1": "nothing left for this slice"})


def test_nothing_is_sent_when_the_horizon_is_over() -> None:
    orders = by_name(family("p", 40, 30))
    due, idle = agenda(orders, 300)
    assert due == {}
    assert set(idle) == {"p-0", "p-1"}
    assert set(idle.values()) == {"its horizon ended before it could be sent"}


def test_a_child_of_a_closed_parent_is_idle() -> None:
    _, child = family("p", 40)
    assert agenda(by_name([child]), 0) == ({}, {"p-0": "its parent is closed"})


def test_parents_do_not_share() -> None:
    orders = by_name([*family("p", 40, 30), *family("q", 10, 20)])
    orders["p-0"].state = S.SUBMITTED
    assert agenda(orders, 60)[0] == {"p-1": 30, "q-1": 30}


# What gives way --------------------------------------------------------------------------------


def resting(*states: OrderState, algo: str = "twap") -> OrderMap:
    """A parent with slices of 10 in these states, due a minute apart."""
    orders = by_name(family("p", *[10] * len(states), algo=algo))
    for number, state in enumerate(states):
        orders[f"p-{number}"].state = state
    return orders


@pytest.mark.parametrize("carry", [False, True])
def test_a_slice_gives_way_to_the_next(carry: bool) -> None:
    orders = resting(S.SUBMITTED, S.NEW)
    assert leftovers(orders, at(59), carry=carry) == []
    assert leftovers(orders, at(60), carry=carry) == ["p-0"]


def test_every_slice_that_may_live_gives_way() -> None:
    orders = resting(*sorted(AT_BROKER), *sorted(TERMINAL), S.NEW)
    names = leftovers(orders, at(600), carry=True)
    assert {orders[name].state for name in names} == AT_BROKER


def test_what_rests_at_the_end_of_the_horizon() -> None:
    orders = resting(S.FILLED, S.PARTIALLY_FILLED)
    assert leftovers(orders, at(299), carry=False) == []
    assert leftovers(orders, at(300), carry=False) == ["p-1"]
    assert leftovers(orders, at(300), carry=True) == []


def test_an_order_that_is_not_worked_is_due_once_and_then_rests() -> None:
    orders = by_name([order("p", 10, algo="none")])
    assert agenda(orders, -1) == ({}, {})
    assert agenda(orders, 0) == ({"p": 10}, {})
    assert agenda(orders, 300) == ({}, {"p": "its horizon ended before it could be sent"})
    orders["p"].state = S.SUBMITTED
    assert agenda(orders, 60) == ({}, {})
    assert leftovers(orders, at(600), carry=False) == []
    assert sweeps_due(orders, at(295), BEFORE) == []


def test_the_rest_is_swept_shortly_before_the_end() -> None:
    orders = resting(S.CANCELLED, S.SUBMITTED)
    swept = [
        seconds
        for seconds in (60, 289, 290, 295, 299, 300)
        if sweeps_due(orders, at(seconds), BEFORE)
    ]
    assert swept == [290, 295, 299]
    assert sweeps_due(orders, at(295), BEFORE) == [orders["p"]]


def test_the_traders_own_limit_is_not_swept_through() -> None:
    orders = resting(S.CANCELLED, S.SUBMITTED)
    orders["p"].route_rule = "SIGNAL"
    assert sweeps_due(orders, at(295), BEFORE) == []


def test_a_sweep_comes_once_and_after_the_slices() -> None:
    orders = resting(S.CANCELLED, S.NEW)
    assert sweeps_due(orders, at(295), BEFORE) == []
    orders["p-1"].state = S.CANCELLED
    assert sweeps_due(orders, at(295), BEFORE) == [orders["p"]]
    sweep = order("p-2", 20, route_rule="SWEEP", state=S.SUBMITTED)
    assert sweeps_due(orders | by_name([sweep]), at(295), BEFORE) == []


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_a_closed_parent_is_not_swept(state: OrderState) -> None:
    orders = resting(S.CANCELLED)
    orders["p"].state = state
    assert sweeps_due(orders, at(295), BEFORE) == []
