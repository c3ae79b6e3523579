"""What two complete snapshots prove of orders that neither shows."""

import pytest
from working_orders import order

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
