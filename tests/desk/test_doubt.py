"""What two complete snapshots prove of orders that neither shows."""

from typing import Any

import pytest
from working_orders import at, order

from orderworks.desk.doubt import ATTEMPTS, judge_absent
from orderworks.model.state import OrderState


def test_what_was_never_acknowledged_and_moved_nothing_was_never_received() -> None:
    waiting = [
        order("p-0", 10, state=state, attempts=1)
        for state in (OrderState.PENDING, OrderState.UNKNOWN)
    ]
    judged = judge_absent(waiting, {"MSFT": (0, 10)})
    assert (judged.never_received, judged.held) == (waiting, [])


@pytest.mark.parametrize(
    ("state", "attempts", "moved", "doubt"),
    [
        (OrderState.UNKNOWN, 1, {"AAPL": (0, 10)}, "holds 10 AAPL where we have 0"),
        (OrderState.PENDING, 1, {"AAPL": (0, 10)}, "holds 10 AAPL where we have 0"),
        (OrderState.SUBMITTED, 1, {}, "had confirmed it (SUBMITTED)"),
        (OrderState.PARTIALLY_FILLED, 1, {}, "had confirmed it (PARTIALLY_FILLED)"),
        (OrderState.UNKNOWN, ATTEMPTS, {}, f"sent {ATTEMPTS} times"),
    ],
)
def test_in_doubt_it_is_held(
    state: OrderState, attempts: int, moved: dict[str, tuple[int, int]], doubt: str
) -> None:
    one = order("p-0", 10, state=state, attempts=attempts)
    judged = judge_absent([one], moved)
    assert judged.never_received == []
    assert [held for held, _ in judged.held] == [one]
    assert doubt in judged.held[0][1]


@pytest.mark.parametrize(
    ("heard", "doubt"),
    [
        ({"acknowledged_at": at(1)}, "had confirmed it at 14:35:01"),
        ({"acknowledged_at": at(1), "filled_quantity": 4}, "has filled 4 of it"),
        ({"filled_quantity": 4}, "has filled 4 of it"),
    ],
)
@pytest.mark.parametrize("state", [OrderState.PENDING, OrderState.UNKNOWN])
def test_what_was_heard_of_before_it_came_into_doubt_was_received(
    state: OrderState, heard: dict[str, Any], doubt: str
) -> None:
    judged = judge_absent([order("p-0", 10, state=state, attempts=2, **heard)], {})
    assert judged.never_received == []
    assert doubt in judged.held[0][1]
