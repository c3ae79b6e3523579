"""Orders that have left, what a broker says of them, and what is booked of that."""

from working_orders import at, fill, order

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.desk.booking import Booking
from orderworks.ledger.movements import EventRecord
from orderworks.ledger.orders import OrderMap
from orderworks.model.state import TRANSITIONS, OrderState

S, K = OrderState, ReportKind


def worked(*quantities: int, state: OrderState = S.PENDING) -> OrderMap:
    """A parent with children that have left, and that nothing was heard of yet."""
    children = [order(f"p-{n}", q, state=state, attempts=1) for n, q in enumerate(quantities)]
    orders = [order("p", sum(quantities)), *children]
    return {one.client_order_id: one for one in orders}


def said(kind: ReportKind, name: str, *, reason: str | None = None) -> Report:
    return Report(kind, name, at(1), "7", reason)


def filled(exec_id: str, name: str, quantity: int) -> Report:
    return Report(K.FILLED, name, at(2), "7", fill=fill(exec_id, name, quantity))


def kinds(booking: Booking) -> list[str]:
    return [anomaly.kind for anomaly in booking.anomalies]


def steps(booking: Booking, name: str) -> list[str]:
    """The events of one order."""
    return [event.event.value for event in booking.events if event.client_order_id == name]


def require_legal_chain(events: list[EventRecord], orders: OrderMap, first: OrderState) -> None:
    """Each order's events follow each other and lead to where the order stands."""
    standing = {name: first if one.parent_id else S.NEW for name, one in orders.items()}
    for event in events:
        assert event.from_state is standing[event.client_order_id]
        assert TRANSITIONS[event.from_state, event.event] is event.to_state
        standing[event.client_order_id] = event.to_state
    assert standing == {name: one.state for name, one in orders.items()}
