"""From a broker's reports to the ledger's transitions: a pure kernel.

Reports may come twice, late, or out of order. What a report adds to what is known becomes an
event; what it repeats becomes nothing; what the state machine refuses becomes an anomaly that a
person is told about. A parent moves with its children.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.ledger.movements import EventRecord
from orderworks.ledger.orders import OrderRecord
from orderworks.model.fill import Fill
from orderworks.model.order import Replacement
from orderworks.model.state import TERMINAL, TRANSITIONS, OrderEvent, OrderState


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that a broker reported and that does not fit what we know."""

    kind: str
    client_order_id: str
    message: str
    at: datetime


@dataclass(slots=True)
class Booking:
    """What a batch of reports comes to, in order, ready for one transaction."""

    events: list[EventRecord] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)

    def __iadd__(self, more: "Booking") -> "Booking":
        self.events += more.events
        self.fills += more.fills
        self.anomalies += more.anomalies
        return self


EVENT_OF = {
    ReportKind.ACKNOWLEDGED: OrderEvent.ACKNOWLEDGE,
    ReportKind.REJECTED: OrderEvent.REJECT,
    ReportKind.CANCELLED: OrderEvent.CANCEL,
    ReportKind.EXPIRED: OrderEvent.EXPIRE,
    ReportKind.CANCEL_REFUSED: OrderEvent.REFUSE_CANCEL,
    ReportKind.REPLACED: OrderEvent.REPLACE,
    ReportKind.REPLACE_REFUSED: OrderEvent.REFUSE_REPLACE,
}

CONFIRMATIONS = frozenset({OrderEvent.ACKNOWLEDGE, OrderEvent.ADOPT})
"""What says that the broker has the order, whatever it has filled."""

REFUSALS = frozenset({OrderEvent.REFUSE_CANCEL, OrderEvent.REFUSE_REPLACE})
"""What the broker would not do: it tells nothing of where the order stands."""

UNCONFIRMED = frozenset({OrderState.PENDING, OrderState.UNKNOWN})
"""States in which any sign of life is the acknowledgement."""


def book_reports(
    reports: Iterable[Report],
    orders: Mapping[str, OrderRecord],
    booked_executions: Mapping[str, int] | None = None,
) -> Booking:
    """Applies reports to orders, which are changed in place, and says what is to be recorded.

    Args:
        orders: every order that a report names, and its parent, by client_order_id.
        booked_executions: the executions that the ledger has, with their shares; they are not booked
            again. One that a correction stands for already has none.
    """
    booking = Booking()
    seen = dict(booked_executions or {})
    for report in reports:
        order = orders.get(report.client_order_id)
        if order is None:
            booking.anomalies.append(
                Anomaly(
                    "UNKNOWN_ORDER",
                    report.client_order_id,
                    f"the broker reports {report.kind} for an order that the ledger does not have",
                    report.ts,
                )
            )
        elif report.fill is not None:
            if report.fill.exec_id not in seen:
                _book_fill(booking, order, orders, report.fill, seen)
        elif report.kind in EVENT_OF:
            _book_event(booking, order, orders, EVENT_OF[report.kind], report)
    return booking


def move(
    booking: Booking,
    order: OrderRecord,
    event: OrderEvent,
    at: datetime,
    reason: str | None = None,
    terms: Replacement | None = None,
) -> bool:
    """Takes one transition and records it; False, recording an anomaly, where the table refuses.

    One that the broker has after all, and that had filled in part before, is partly filled again.
    """
    to_state = TRANSITIONS.get((order.state, event))
    if to_state is None:
        booking.anomalies.append(
            Anomaly(
                "REFUSED_EVENT",
                order.client_order_id,
                f"{event} came for an order that is {order.state}",
                at,
            )
        )
        return False
    booking.events.append(
        EventRecord(order.client_order_id, event, order.state, to_state, at, reason, terms)
    )
    order.state = to_state
    if order.acknowledged_at is None and event is OrderEvent.ACKNOWLEDGE:
        order.acknowledged_at = at
    if event not in REFUSALS:
        order.held = event is OrderEvent.HOLD
    if terms is not None:
        order.quantity, order.revision = terms.quantity, order.revision + 1
        order.limit_price, order.stop_price = terms.limit_price, terms.stop_price
    is_partly_filled = 0 < order.filled_quantity < order.quantity
    if is_partly_filled and event in CONFIRMATIONS and to_state is OrderState.SUBMITTED:
        return move(booking, order, OrderEvent.FILL, at, reason)
    return True


def confirm(
    booking: Booking, order: OrderRecord, orders: Mapping[str, OrderRecord], at: datetime
) -> None:
    """A sign that the broker has the order: acknowledges it and starts its parent, where none was yet.

    One that was taken for unsent has left after all: it is adopted, so that it is not sent again.
    """
    if order.state is OrderState.NEW:
        booking.anomalies.append(
            Anomaly(
                "RESURFACED",
                order.client_order_id,
                "the broker has this order, which was taken for unsent; it is adopted",
                at,
            )
        )
        move(booking, order, OrderEvent.SEND, at)
    if order.state in UNCONFIRMED or order.held:
        move(booking, order, OrderEvent.ACKNOWLEDGE, at)
    parent = _parent(order, orders)
    if parent is not None and parent.state is OrderState.NEW:
        move(booking, parent, OrderEvent.START, at)


def _book_event(
    booking: Booking,
    order: OrderRecord,
    orders: Mapping[str, OrderRecord],
    event: OrderEvent,
    report: Report,
) -> None:
    if event in REFUSALS:
        if order.is_live:
            move(booking, order, event, report.ts, report.reason)
        return
    if event is OrderEvent.ACKNOWLEDGE:
        confirm(booking, order, orders, report.ts)
        return
    if order.state in TERMINAL:
        return
    doubt = None if report.proven else _doubt(order, event, report)
    if doubt is not None:
        if order.state is not OrderState.UNKNOWN:
            move(booking, order, OrderEvent.SILENCE, report.ts, doubt)
        return
    if event is not OrderEvent.REJECT:
        confirm(booking, order, orders, report.ts)
    if event is OrderEvent.REPLACE and report.terms is not None and _has_terms(order, report.terms):
        return
    move(booking, order, event, report.ts, report.reason, report.terms)


def _doubt(order: OrderRecord, event: OrderEvent, report: Report) -> str | None:
    """Why an end is not believed until a snapshot shows it; None where it is."""
    if event is OrderEvent.REJECT and order.attempts > 1:
        # It may be the late answer to a sending before.
        said = report.reason or "no reason"
        return f"a refusal ({said}) came for one of its {order.attempts} sendings"
    if report.filled is not None and report.filled > order.filled_quantity:
        # What it leaves would be worked again by its siblings.
        return (
            f"{event} came with {report.filled} shares filled, of which we know "
            f"{order.filled_quantity}"
        )
    return None


def _has_terms(order: OrderRecord, terms: Replacement) -> bool:
    return (order.quantity, order.limit_price, order.stop_price) == (
        terms.quantity,
        terms.limit_price,
        terms.stop_price,
    )


def _book_fill(
    booking: Booking,
    order: OrderRecord,
    orders: Mapping[str, OrderRecord],
    fill: Fill,
    seen: dict[str, int],
) -> None:
    """Books an execution, or what a correction of one changes."""
    corrected = seen.get(fill.replaces, 0) if fill.replaces is not None else 0
    change = fill.quantity - corrected
    moved = [one for one in (order, _parent(order, orders)) if one is not None]
    for one in moved:
        if change > one.remaining:
            booking.anomalies.append(
                Anomaly(
                    "OVERFILL",
                    order.client_order_id,
                    f"execution {fill.exec_id} of {fill.quantity} is more than the "
                    f"{one.remaining} that were left of order {one.client_order_id}; it is not "
                    "booked",
                    fill.ts,
                )
            )
            return
    seen[fill.exec_id] = fill.quantity
    if fill.replaces is not None:
        seen[fill.replaces] = 0
        booking.anomalies.append(
            Anomaly(
                "BUST" if fill.quantity == 0 else "CORRECTION",
                order.client_order_id,
                f"execution {fill.replaces} of {corrected} was corrected to {fill.quantity} at "
                f"{fill.price} by {fill.exec_id}",
                fill.ts,
            )
        )
    elif order.state in TERMINAL:
        booking.anomalies.append(
            Anomaly(
                "LATE_FILL",
                order.client_order_id,
                f"execution {fill.exec_id} of {fill.quantity} came when the order was {order.state}",
                fill.ts,
            )
        )
    confirm(booking, order, orders, fill.ts)
    booking.fills.append(fill)
    for one in moved:
        one.filled_quantity += change
        event = _event_of(one, change)
        if event is not None:
            move(booking, one, event, fill.ts)


def _event_of(order: OrderRecord, change: int) -> OrderEvent | None:
    """What a change of its filled shares is to an order; None where its state tells it already."""
    if change > 0:
        if not order.remaining:
            return OrderEvent.COMPLETE
        return OrderEvent.FILL if order.state is OrderState.SUBMITTED else None
    if change < 0:
        return OrderEvent.CORRECT if order.filled_quantity else OrderEvent.BUST
    return None


def _parent(order: OrderRecord, orders: Mapping[str, OrderRecord]) -> OrderRecord | None:
    return orders.get(order.parent_id) if order.parent_id else None
