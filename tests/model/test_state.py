"""The order's life: every pair of state and event is either in the table or refused."""

from collections.abc import Iterator
from itertools import product

import pytest

from orderworks.model.errors import IllegalTransition
from orderworks.model.state import (
    AT_BROKER,
    TERMINAL,
    TRANSITIONS,
    OrderEvent,
    OrderState,
    transition,
)

EXECUTIONS = {OrderEvent.FILL, OrderEvent.COMPLETE}
REFUSALS = {OrderEvent.REFUSE_CANCEL, OrderEvent.REFUSE_REPLACE}
TAKEN_BACK = {OrderEvent.CORRECT, OrderEvent.BUST}


@pytest.mark.parametrize(("state", "event"), product(OrderState, OrderEvent))
def test_each_pair_is_in_the_table_or_refused(state: OrderState, event: OrderEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert transition(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalTransition, match=f"{state}.*{event}"):
            transition(state, event)


def reachable(start: OrderState, without: OrderState | None = None) -> set[OrderState]:
    """All states that can follow ``start``, by paths that avoid one."""
    found, frontier = {start}, [start]
    while frontier:
        for following in successors(frontier.pop()):
            if following is not without and following not in found:
                found.add(following)
                frontier.append(following)
    return found


def successors(state: OrderState) -> Iterator[OrderState]:
    return (after for (before, _), after in TRANSITIONS.items() if before is state)


def test_every_state_is_reached_from_new() -> None:
    assert reachable(OrderState.NEW) == set(OrderState)


def test_nothing_is_filled_at_the_broker_without_having_been_submitted() -> None:
    """Around SUBMITTED there is only the late fill of an order that ended before it was sent."""
    around = reachable(OrderState.NEW, without=OrderState.SUBMITTED)
    assert OrderState.PARTIALLY_FILLED not in around
    into_filled = {
        before for (before, _), after in TRANSITIONS.items() if after is OrderState.FILLED
    }
    assert into_filled & around <= TERMINAL


def test_a_terminal_state_takes_late_fills_corrections_and_refusals_only() -> None:
    for (before, event), after in TRANSITIONS.items():
        if before in TERMINAL:
            assert event in EXECUTIONS | REFUSALS | TAKEN_BACK
            if event in EXECUTIONS:
                assert after in {before, OrderState.FILLED}
            elif event in TAKEN_BACK and before is OrderState.FILLED:
                assert after is OrderState.CANCELLED
            else:
                assert after is before


def test_every_live_state_can_end() -> None:
    for state in set(OrderState) - TERMINAL:
        assert reachable(state) & TERMINAL


def test_silence_is_never_taken_for_an_end() -> None:
    for (_, event), after in TRANSITIONS.items():
        if event is OrderEvent.SILENCE:
            assert after is OrderState.UNKNOWN


def test_only_proven_absence_makes_an_order_sendable_again() -> None:
    back_to_new = {pair for pair, after in TRANSITIONS.items() if after is OrderState.NEW}
    # A parent that is made smaller before its first slice has not been sent.
    smaller = (OrderState.NEW, OrderEvent.REPLACE)
    assert back_to_new == {(OrderState.UNKNOWN, OrderEvent.ABSENCE), smaller}


def test_states_at_the_broker_are_neither_new_nor_terminal() -> None:
    assert {OrderState.NEW} | TERMINAL | AT_BROKER == set(OrderState)
    assert not AT_BROKER & (TERMINAL | {OrderState.NEW})
