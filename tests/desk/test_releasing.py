"""What is due: however the market treats the slices, a parent is sent once over, and all of it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from working_orders import at, family, order

from orderworks.desk.releasing import Due, due_now, leftovers, sweeps_due
from orderworks.ledger.orders import OrderMap, OrderRecord
from orderworks.model.order import Remainder
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
    found = due_now(orders, at(seconds), {})
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
        live_through(data, orders, give_way=bool(leftovers(orders, at(seconds))))
        found = due_now(orders, at(seconds), {})
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


@given(
    total=st.integers(1, 100),
    slices=st.lists(
        st.tuples(st.integers(1, 50), st.integers(0, 50), st.sampled_from(S)),
        min_size=1,
        max_size=5,
    ),
    is_read=st.booleans(),
    seconds=st.sampled_from([-1, 60, 150, 400]),
)
def test_after_a_wave_slices_can_fill_no_more_than_their_parent_has_left(
    total: int, slices: list[tuple[int, int, OrderState]], is_read: bool, seconds: int
) -> None:
    """Whatever filled late, and whatever it made of the parent."""
    parent, *children = family("p", *(quantity for quantity, _, _ in slices))
    parent.quantity = total
    for child, (quantity, part, state) in zip(children, slices, strict=True):
        child.state = state
        child.filled_quantity = 0 if state is S.NEW else min(part, quantity, parent.remaining)
        parent.filled_quantity += child.filled_quantity
    parent.state = S.PARTIALLY_FILLED if parent.remaining else S.FILLED
    # The ledger shows no closed parent, and one that closes meanwhile stays where it was read.
    orders = by_name([parent, *children] if parent.remaining or is_read else children)
    gives_way = bool(leftovers(orders, at(seconds)))
    if working(orders) > parent.remaining:
        assert gives_way
    for name in leftovers(orders, at(seconds)):
        orders[name].state = S.CANCELLED
    assert working(orders) <= parent.remaining
    for one in due_now(orders, at(seconds), {}).due:
        release(one, S.SUBMITTED)
    assert working(orders) <= parent.remaining


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


def test_no_more_is_sent_than_is_left_and_exits_protect_all_of_it() -> None:
    orders = by_name([*family("p", 40, 30), order("q", 10, algo="none", filled_quantity=4)])
    orders |= by_name([order("stop", 10, algo="none", attached_to="q")])
    orders["p"].filled_quantity = orders["p-0"].filled_quantity = 15
    assert agenda(orders, 0)[0] == {"p-0": 25, "q": 6, "stop": 10}
    assert agenda(orders, 60)[0] == {"p-1": 55, "q": 6, "stop": 10}


def test_parents_do_not_share() -> None:
    orders = by_name([*family("p", 40, 30), *family("q", 10, 20)])
    orders["p-0"].state = S.SUBMITTED
    assert agenda(orders, 60)[0] == {"p-1": 30, "q-1": 30}


# What gives way --------------------------------------------------------------------------------


def resting(*states: OrderState, algo: str = "twap", remainder: str = "sweep") -> OrderMap:
    """A parent with slices of 10 in these states, due a minute apart."""
    orders = by_name(family("p", *[10] * len(states), algo=algo, remainder=remainder))
    for number, state in enumerate(states):
        orders[f"p-{number}"].state = state
    return orders


@pytest.mark.parametrize("remainder", list(Remainder))
def test_a_slice_gives_way_to_the_next(remainder: Remainder) -> None:
    orders = resting(S.SUBMITTED, S.NEW, remainder=remainder)
    assert leftovers(orders, at(59)) == []
    assert leftovers(orders, at(60)) == ["p-0"]


def test_every_slice_that_may_live_gives_way() -> None:
    orders = resting(*sorted(AT_BROKER), *sorted(TERMINAL), S.NEW)
    names = leftovers(orders, at(600))
    assert {orders[name].state for name in names} == AT_BROKER


def test_a_slice_gives_way_where_a_late_fill_left_less_than_it_works() -> None:
    orders = resting(S.CANCELLED, S.SUBMITTED, remainder="keep")
    orders["p-1"].quantity = 20
    assert leftovers(orders, at(60)) == []
    orders["p"].filled_quantity = orders["p-0"].filled_quantity = 1
    assert leftovers(orders, at(60)) == ["p-1"]
    orders["p-1"].held = True
    assert leftovers(orders, at(60)) == []


def test_a_slice_gives_way_where_its_parent_is_closed() -> None:
    orders = resting(S.FILLED, S.SUBMITTED, remainder="keep")
    orders["p"].filled_quantity, orders["p"].state = 20, S.FILLED
    assert leftovers(orders, at(60)) == ["p-1"]
    del orders["p"]
    assert leftovers(orders, at(60)) == ["p-1"]


@pytest.mark.parametrize(
    ("remainder", "given_up"),
    [("keep", False), ("reprice", False), ("cancel", True), ("sweep", True)],
)
def test_what_rests_at_the_end_of_the_horizon(remainder: str, given_up: bool) -> None:
    sliced = resting(S.FILLED, S.PARTIALLY_FILLED, remainder=remainder)
    plain = by_name([order("q", 10, algo="none", state=S.SUBMITTED, remainder=remainder)])
    stop = replace(plain["q"], client_order_id="stop", attached_to="q", remainder="keep")
    orders = sliced | plain | by_name([stop])
    assert leftovers(orders, at(299)) == []
    assert leftovers(orders, at(300)) == (["p-1", "q"] if given_up else [])


def test_an_order_that_is_not_worked_is_due_once_and_then_rests() -> None:
    orders = by_name([order("p", 10, algo="none")])
    assert agenda(orders, -1) == ({}, {})
    assert agenda(orders, 0) == ({"p": 10}, {})
    assert agenda(orders, 300) == ({}, {"p": "its horizon ended before it could be sent"})
    orders["p"].state = S.SUBMITTED
    assert agenda(orders, 60) == ({}, {})
    assert leftovers(orders, at(600)) == []
    assert sweeps_due(orders, at(295), BEFORE) == []


@pytest.mark.parametrize("remainder", ["keep", "reprice", "cancel"])
def test_only_what_is_to_be_swept_is(remainder: str) -> None:
    orders = resting(S.CANCELLED, S.SUBMITTED, remainder=remainder)
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
    orders["p-1"].due_at = at(297)
    assert sweeps_due(orders, at(295), BEFORE) == []
    # One that was missed is worked into it.
    orders["p-1"].due_at = at(60)
    assert sweeps_due(orders, at(295), BEFORE) == [orders["p"]]
    orders["p-1"].state = S.CANCELLED
    assert sweeps_due(orders, at(295), BEFORE) == [orders["p"]]
    sweep = order("p-2", 20, route_rule="SWEEP", state=S.SUBMITTED)
    assert sweeps_due(orders | by_name([sweep]), at(295), BEFORE) == []


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_a_closed_parent_is_not_swept(state: OrderState) -> None:
    orders = resting(S.CANCELLED)
    orders["p"].state = state
    assert sweeps_due(orders, at(295), BEFORE) == []


# Participation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "filled", "quantity"),
    [(0, 0, None), (5, 0, 5), (500, 0, 60), (30, 25, 5), (25, 25, None)],
)
def test_a_pov_slice_follows_the_volume(target: int, filled: int, quantity: int | None) -> None:
    orders = by_name(family("p", 20, 20, 20, algo="pov"))
    orders["p"].filled_quantity = filled
    orders["p-0"].state = S.CANCELLED
    found = due_now(orders, at(60), {"p": target})
    assert [one.quantity for one in found.due] == ([quantity] if quantity else [])
    assert len(found.idle) == (0 if quantity else 1)


# Exits -----------------------------------------------------------------------------------------


def protected(state: OrderState, **changes: Any) -> OrderMap:
    """An entry that stands somewhere, and its exits that were not sent."""
    entry = replace(order("p", 10, algo="none", state=state), **changes)
    stop = order("stop", 10, algo="none", side="sell", attached_to="p", state=S.NEW)
    return by_name([entry, stop, replace(stop, client_order_id="target")])


def test_exits_go_out_behind_their_entry_and_are_as_large() -> None:
    orders = by_name([*family("p", 6, 4), order("stop", 4, side="sell", attached_to="p-1")])
    orders["p-0"].state, orders["p-0"].filled_quantity, orders["p"].filled_quantity = (
        S.CANCELLED,
        1,
        1,
    )
    found = due_now(orders, at(60), {})
    assert [(one.order.client_order_id, one.quantity) for one in found.due] == [
        ("p-1", 9),
        ("stop", 9),
    ]


def test_exits_wait_for_their_entry() -> None:
    assert agenda(protected(S.NEW), -1) == ({}, {})
    assert agenda(protected(S.NEW), 0) == ({"p": 10, "stop": 10, "target": 10}, {})


def test_exits_of_what_is_not_sent_are_not_sent() -> None:
    sent, idle = agenda(protected(S.NEW), 300)
    assert not sent
    assert idle.keys() == {"p", "stop", "target"}
    assert idle["stop"].startswith("its entry was not sent: its horizon ended")


@pytest.mark.parametrize("state", sorted(AT_BROKER))
def test_an_exit_that_did_not_leave_with_its_entry_follows(state: OrderState) -> None:
    assert agenda(protected(state), 600) == ({"stop": 10, "target": 10}, {})


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_what_an_ended_entry_has_filled_is_protected(state: OrderState) -> None:
    sent, idle = agenda(protected(state, filled_quantity=3), 600)
    assert (sent, idle) == ({"stop": 10, "target": 10}, {})
    sent, idle = agenda(protected(state), 600)
    assert (sent, set(idle.values())) == ({}, {"its entry ended unfilled"})
