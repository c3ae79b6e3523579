"""A correction changes the execution that it stands for, whichever of them is heard of first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told_reports import filled, kinds, require_legal_chain, steps, worked
from working_orders import at, fill

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.desk.booking import Booking, book_reports
from orderworks.model.fill import Fill
from orderworks.model.state import OrderState

S, K = OrderState, ReportKind


def corrected(exec_id: str, replaces: str, quantity: int) -> Report:
    return Report(K.FILLED, "p-0", at(3), "7", fill=correction(exec_id, replaces, quantity))


def correction(exec_id: str, replaces: str, quantity: int) -> Fill:
    return fill(exec_id, "p-0", quantity, replaces=replaces)


@pytest.mark.parametrize(
    ("first", "then", "kind", "state", "events"),
    [
        (4, 3, "CORRECTION", S.PARTIALLY_FILLED, ["FILL", "CORRECT"]),
        (4, 6, "CORRECTION", S.PARTIALLY_FILLED, ["FILL"]),
        (4, 10, "CORRECTION", S.FILLED, ["FILL", "COMPLETE"]),
        (4, 0, "BUST", S.SUBMITTED, ["FILL", "BUST"]),
        (10, 7, "CORRECTION", S.CANCELLED, ["COMPLETE", "CORRECT"]),
        (10, 0, "BUST", S.CANCELLED, ["COMPLETE", "BUST"]),
    ],
)
def test_a_correction_changes_the_execution_that_it_stands_for(
    first: int, then: int, kind: str, state: OrderState, events: list[str]
) -> None:
    orders = worked(10, state=S.SUBMITTED)
    booking = book_reports([filled("x.01", "p-0", first), corrected("x.02", "x.01", then)], orders)
    assert [one.exec_id for one in booking.fills] == ["x.01", "x.02"]
    assert kinds(booking) == [kind]
    assert steps(booking, "p-0") == events
    assert (orders["p-0"].filled_quantity, orders["p"].filled_quantity) == (then, then)
    assert orders["p-0"].state is state


def test_a_correction_that_comes_first_takes_the_place_of_what_it_corrects() -> None:
    orders = worked(10, state=S.SUBMITTED)
    arrived = [corrected("x.02", "x.01", 3), filled("x.01", "p-0", 4), filled("x.01", "p-0", 4)]
    booking = book_reports(arrived, orders)
    assert [one.exec_id for one in booking.fills] == ["x.02"]
    assert orders["p-0"].filled_quantity == 3
    late = book_reports([filled("x.01", "p-0", 4)], orders, {"x.02": 3, "x.01": 0})
    assert late == Booking()


@given(
    shares=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    then=st.lists(st.integers(0, 20), min_size=4, max_size=4),
    data=st.data(),
)
def test_corrections_come_to_the_same_in_any_order(
    shares: list[int], then: list[int], data: st.DataObject
) -> None:
    """Each execution ends at what its correction says, whichever is heard of first."""
    orders = worked(max(sum(shares), sum(then)), state=S.SUBMITTED)
    pairs = [
        (filled(f"x{n}.01", "p-0", first), corrected(f"x{n}.02", f"x{n}.01", then[n]))
        for n, first in enumerate(shares)
    ]
    arrived = data.draw(st.permutations([report for pair in pairs for report in pair]))
    booking = book_reports([*arrived, *arrived], orders)
    expected = sum(then[: len(shares)])
    if "OVERFILL" not in kinds(booking):
        assert (orders["p-0"].filled_quantity, orders["p"].filled_quantity) == (expected, expected)
    require_legal_chain(booking.events, orders, S.SUBMITTED)
