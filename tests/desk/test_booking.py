"""Whatever comes twice, late, out of order or unasked: the books are the same, once."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told_reports import filled, kinds, require_legal_chain, said, steps, worked
from working_orders import at

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.desk.booking import Booking, book_reports
from orderworks.ledger.movements import EventRecord
from orderworks.model.fill import Fill
from orderworks.model.order import Replacement
from orderworks.model.state import TERMINAL, OrderState

S, K = OrderState, ReportKind
END_OF = {K.CANCELLED: "CANCEL", K.EXPIRED: "EXPIRE"}


# A refusal of an order that was sent again ---------------------------------------------------------


def test_a_refusal_of_an_order_that_was_sent_again_is_only_believed_where_a_snapshot_shows_it() -> (
    None
):
    """It may be the late answer to the first sending, while the second rests at the broker."""
    for state in (S.PENDING, S.SUBMITTED):
        orders = worked(10, state=state)
        orders["p-0"].attempts = 2
        late = said(K.REJECTED, "p-0", reason="no margin")
        assert steps(book_reports([late, late], orders), "p-0") == ["SILENCE"]
        assert orders["p-0"].state is S.UNKNOWN
        assert steps(book_reports([late._replace(proven=True)], orders), "p-0") == ["REJECT"]
        assert orders["p-0"].state is S.REJECTED


# An end that knows of more than we do --------------------------------------------------------------


@pytest.mark.parametrize("kind", [K.CANCELLED, K.EXPIRED])
def test_an_end_is_not_believed_while_shares_that_it_has_filled_are_unheard_of(
    kind: ReportKind,
) -> None:
    """Else a sibling would work once more what the last execution has traded."""
    orders = worked(10, state=S.SUBMITTED)
    end = said(kind, "p-0")._replace(filled=4)
    assert steps(book_reports([end, end], orders), "p-0") == ["SILENCE"]
    assert orders["p-0"].state is S.UNKNOWN
    heard = [filled("x1", "p-0", 4), end._replace(proven=True)]
    assert steps(book_reports(heard, orders), "p-0")[-2:] == ["FILL", END_OF[kind]]
    assert orders["p-0"].filled_quantity == 4


def test_an_end_that_fits_what_was_filled_is_believed() -> None:
    orders = worked(10, state=S.SUBMITTED)
    end = said(K.CANCELLED, "p-0")._replace(filled=4)
    assert steps(book_reports([filled("x1", "p-0", 4), end], orders), "p-0") == ["FILL", "CANCEL"]


# Any history, in any order ---------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[int], list[Report], dict[str, OrderState]]:
    """Children, everything that the broker says of them, and how each must stand after it."""
    quantities = draw(st.lists(st.integers(1, 60), min_size=1, max_size=4))
    reports: list[Report] = []
    states: dict[str, OrderState] = {}
    for number, quantity in enumerate(quantities):
        name, told = f"p-{number}", len(reports)
        if draw(st.booleans()) and draw(st.booleans()):
            reports.append(said(K.REJECTED, name, reason="no margin"))
            states[name] = S.REJECTED
            continue
        left = quantity
        if draw(st.booleans()):
            reports.append(said(K.ACKNOWLEDGED, name))
        for execution in range(draw(st.integers(0, 4))):
            if left:
                part = draw(st.integers(1, left))
                reports.append(filled(f"x{number}.{execution}", name, part))
                left -= part
        if left and draw(st.booleans()):
            kind = draw(st.sampled_from([K.CANCELLED, K.EXPIRED]))
            reports.append(said(kind, name))
            states[name] = S[kind.value]
        elif left:
            silent = len(reports) == told
            states[name] = (
                S.PENDING if silent else S.SUBMITTED if left == quantity else S.PARTIALLY_FILLED
            )
        else:
            states[name] = S.FILLED
    return quantities, reports, states


@given(
    history=histories(), data=st.data(), state=st.sampled_from([S.PENDING, S.UNKNOWN, S.SUBMITTED])
)
def test_any_order_and_repetition_comes_to_the_same(
    history: tuple[list[int], list[Report], dict[str, OrderState]],
    data: st.DataObject,
    state: OrderState,
) -> None:
    quantities, reports, states = history
    repeated = reports + data.draw(
        st.lists(st.sampled_from(reports), max_size=5) if reports else st.just([])
    )
    arrived = data.draw(st.permutations(repeated))
    orders = worked(*quantities, state=state)
    booked: list[Fill] = []
    events: list[EventRecord] = []
    anomalies: list[str] = []
    while arrived:
        size = data.draw(st.integers(1, len(arrived)))
        batch, arrived = arrived[:size], arrived[size:]
        booking = book_reports(batch, orders, {one.exec_id: one.quantity for one in booked})
        booked += booking.fills
        events += booking.events
        anomalies += kinds(booking)

    told = {report.fill.exec_id: report.fill for report in reports if report.fill is not None}
    assert Counter(booked) == Counter(told.values())
    require_legal_chain(events, orders, state)
    for name, expected in states.items():
        assert orders[name].state is (state if expected is S.PENDING else expected)
        own = sum(one.quantity for one in booked if one.client_order_id == name)
        assert orders[name].filled_quantity == own
    assert orders["p"].filled_quantity == sum(one.quantity for one in booked)
    assert (orders["p"].state is S.FILLED) == (orders["p"].remaining == 0)
    assert set(anomalies) <= {"LATE_FILL"}
    # Nothing new is heard, and nothing happens.
    again = book_reports(reports, orders, {name: one.quantity for name, one in told.items()})
    assert not any(event.to_state in TERMINAL for event in again.events)
    assert (again.events, again.fills, again.anomalies) == ([], [], [])


# One thing at a time ---------------------------------------------------------------------------


def test_an_order_from_sending_to_the_last_share() -> None:
    orders = worked(60, 40)
    booking = book_reports(
        [
            said(K.ACKNOWLEDGED, "p-0"),
            filled("x1", "p-0", 10),
            filled("x2", "p-0", 50),
            said(K.ACKNOWLEDGED, "p-1"),
            filled("x3", "p-1", 40),
        ],
        orders,
    )
    assert steps(booking, "p-0") == ["ACKNOWLEDGE", "FILL", "COMPLETE"]
    assert steps(booking, "p-1") == ["ACKNOWLEDGE", "COMPLETE"]
    assert steps(booking, "p") == ["START", "FILL", "COMPLETE"]
    assert {one.state for one in orders.values()} == {S.FILLED}


def test_a_fill_is_its_own_acknowledgement() -> None:
    orders = worked(60, state=S.UNKNOWN)
    booking = book_reports([filled("x1", "p-0", 10)], orders)
    assert steps(booking, "p-0") == ["ACKNOWLEDGE", "FILL"]
    assert not booking.anomalies


def test_what_has_filled_in_part_is_partly_filled_again_once_its_doubt_is_settled() -> None:
    """Else it differs from what the broker shows for as long as it rests."""
    orders = worked(60)
    orders["p-0"].attempts = 2
    late = said(K.REJECTED, "p-0", reason="no margin")
    book_reports([said(K.ACKNOWLEDGED, "p-0"), filled("x1", "p-0", 10), late], orders)
    assert orders["p-0"].state is S.UNKNOWN
    again = {name: replace(one) for name, one in orders.items()}
    booking = book_reports([said(K.ACKNOWLEDGED, "p-0")], again)
    assert (steps(booking, "p-0"), steps(booking, "p")) == (["ACKNOWLEDGE", "FILL"], [])
    assert (again["p-0"].state, again["p-0"].filled_quantity) == (S.PARTIALLY_FILLED, 10)
    for shares, events in (
        (20, ["ACKNOWLEDGE", "FILL"]),
        (50, ["ACKNOWLEDGE", "FILL", "COMPLETE"]),
    ):
        more = {name: replace(one) for name, one in orders.items()}
        assert steps(book_reports([filled("x2", "p-0", shares)], more), "p-0") == events


def test_an_execution_that_the_ledger_has_is_nothing_new() -> None:
    orders = worked(60)
    orders["p-0"] = replace(orders["p-0"], state=S.PARTIALLY_FILLED, filled_quantity=10)
    booking = book_reports([filled("x1", "p-0", 10)], orders, {"x1": 10})
    assert booking == Booking()
    assert orders["p-0"].filled_quantity == 10


@pytest.mark.parametrize("kind", list(K))
def test_an_order_that_we_do_not_have(kind: ReportKind) -> None:
    report = filled("x1", "ow-1", 5) if kind is K.FILLED else said(kind, "ow-1")
    booking = book_reports([report], worked(60))
    assert kinds(booking) == ["UNKNOWN_ORDER"]
    assert str(kind) in booking.anomalies[0].message
    assert (booking.events, booking.fills) == ([], [])


@pytest.mark.parametrize("kind", [K.CANCELLED, K.EXPIRED])
def test_a_late_fill_stands_and_is_told(kind: ReportKind) -> None:
    orders = worked(60)
    booking = book_reports([said(kind, "p-0"), filled("x1", "p-0", 20)], orders)
    assert kinds(booking) == ["LATE_FILL"]
    assert [one.exec_id for one in booking.fills] == ["x1"]
    assert orders["p-0"].state is S[kind.value]
    assert (orders["p-0"].filled_quantity, orders["p"].filled_quantity) == (20, 20)

    booking = book_reports([filled("x2", "p-0", 40)], orders)
    assert kinds(booking) == ["LATE_FILL"]
    assert orders["p-0"].state is orders["p"].state is S.FILLED


def test_more_than_was_ordered_is_told_and_not_booked() -> None:
    orders = worked(60, 40)
    booking = book_reports([filled("x1", "p-0", 61)], orders)
    assert kinds(booking) == ["OVERFILL"]
    assert "61" in booking.anomalies[0].message
    assert "60" in booking.anomalies[0].message
    assert (booking.events, booking.fills, orders["p"].filled_quantity) == ([], [], 0)


def test_more_than_the_parent_ordered_is_told_and_not_booked() -> None:
    """A cancelled slice that fills late, after its rest was worked into the next."""
    orders = worked(60, 100)
    orders["p"].quantity = 100
    booking = book_reports(
        [
            filled("x1", "p-0", 20),
            said(K.CANCELLED, "p-0"),
            filled("x2", "p-1", 80),
            filled("x3", "p-0", 40),
        ],
        orders,
    )
    assert kinds(booking) == ["OVERFILL"]
    assert [one.exec_id for one in booking.fills] == ["x1", "x2"]
    assert orders["p"].state is S.FILLED
    assert orders["p"].filled_quantity == 100


@pytest.mark.parametrize(
    "report",
    [
        said(K.ACKNOWLEDGED, "p-0"),
        said(K.CANCELLED, "p-0"),
        said(K.EXPIRED, "p-0"),
        filled("x1", "p-0", 10),
        filled("x1", "p-0", 60),
    ],
    ids=lambda report: f"{report.kind}",
)
@pytest.mark.parametrize("attempts", [0, 1])
def test_an_order_that_was_taken_for_unsent_is_adopted(report: Report, attempts: int) -> None:
    """It is at the broker, whatever we believed: sent again, it would be sent twice."""
    orders = worked(60, state=S.NEW)
    orders["p-0"].attempts = attempts
    booking = book_reports([report], orders)
    require_legal_chain(booking.events, orders, S.NEW)
    assert steps(booking, "p-0")[:2] == ["SEND", "ACKNOWLEDGE"]
    assert steps(booking, "p")[0] == "START"
    assert kinds(booking) == ["RESURFACED"]
    assert orders["p-0"].state is not S.NEW


def test_a_rejection_is_of_the_child_alone() -> None:
    orders = worked(60, 40)
    booking = book_reports([said(K.REJECTED, "p-0", reason="no margin")], orders)
    assert [(event.client_order_id, event.reason) for event in booking.events] == [
        ("p-0", "no margin")
    ]
    assert orders["p"].state is S.NEW


def test_what_the_table_refuses_is_told() -> None:
    orders = worked(60)
    booking = book_reports([filled("x1", "p-0", 10), said(K.REJECTED, "p-0")], orders)
    assert kinds(booking) == ["REFUSED_EVENT"]
    assert "REJECT came for an order that is PARTIALLY_FILLED" in booking.anomalies[0].message
    assert orders["p-0"].state is S.PARTIALLY_FILLED


@pytest.mark.parametrize("kind", [K.CANCEL_REFUSED, K.REPLACE_REFUSED])
def test_what_the_broker_refuses_to_do_is_recorded_and_changes_nothing(kind: ReportKind) -> None:
    orders = worked(60, state=S.SUBMITTED)
    booking = book_reports([said(kind, "p-0", reason="it is filled")], orders)
    assert [(event.to_state, event.reason) for event in booking.events] == [
        (S.SUBMITTED, "it is filled")
    ]
    assert orders["p-0"].state is S.SUBMITTED
    ended = worked(60, state=S.FILLED)
    assert book_reports([said(kind, "p-0")], ended) == Booking()


def replaced(quantity: int, limit: str) -> Report:
    terms = Replacement("p-0", quantity, Decimal(limit))
    return Report(K.REPLACED, "p-0", at(2), "7", terms=terms)


def test_new_terms_are_taken_over_once() -> None:
    orders = worked(60, state=S.SUBMITTED)
    booking = book_reports([replaced(50, "100.05"), replaced(50, "100.05")], orders)
    assert steps(booking, "p-0") == ["REPLACE"]
    changed = orders["p-0"]
    assert (changed.quantity, changed.limit_price) == (50, Decimal("100.05"))
    assert (changed.revision, changed.state) == (1, S.SUBMITTED)
    assert steps(book_reports([replaced(50, "100.06")], orders), "p-0") == ["REPLACE"]
