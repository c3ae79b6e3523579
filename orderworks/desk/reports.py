"""Taking a broker's reports into the ledger: read what they touch, apply, commit as one."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from orderworks.brokers.adapter import Report
from orderworks.desk.booking import Anomaly, Booking, book_reports
from orderworks.desk.desk import Desk
from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.orders import OrderMap, book, booked_executions, orders_by_id
from orderworks.model.crash_points import CrashPoint, crash_point

log = logging.getLogger(__name__)


def take_reports(desk: Desk, reports: Sequence[Report], orders: OrderMap | None = None) -> Booking:
    """Books a batch of reports in one transaction.

    Args:
        orders: orders that the caller has read under this lease, with their parents; they move
            with the booking, and those that it lacks are read and added.

    Raises:
        LeaseLost: and nothing was booked.
    """
    orders = {} if orders is None else orders
    named = {report.client_order_id for report in reports}
    parents = {orders[name].parent_id or name for name in named if name in orders}
    orders |= orders_by_id(desk.ledger, sorted((named | parents) - orders.keys()))
    known = booked_executions(
        desk.ledger,
        desk.account,
        [report.fill.exec_id for report in reports if report.fill is not None],
    )
    booking = book_reports(reports, orders, known)
    record(desk, booking)
    return booking


def record(desk: Desk, booking: Booking) -> None:
    """Commits a booking and an alert for each anomaly in it, as one."""
    with desk.ledger.transaction():
        if booking.events or booking.fills:
            book(desk.ledger, desk.held_lease, booking.events, booking.fills)
        if booking.anomalies:
            raise_alerts(desk.ledger, desk.account, _alerts(booking.anomalies))


async def cancel(
    desk: Desk, client_order_ids: Sequence[str], orders: OrderMap | None = None
) -> None:
    """Asks the broker to cancel, and books what it answered."""
    if client_order_ids:
        crash_point(CrashPoint.CANCEL_BEFORE_MESSAGE)
        reports = await desk.broker.cancel_orders(client_order_ids)
        crash_point(CrashPoint.CANCEL_ANSWERED)
        take_reports(desk, reports, orders)
        crash_point(CrashPoint.CANCEL_BOOKED)


async def follow(desk: Desk, until: datetime, orders: OrderMap | None = None) -> int:
    """Books what the broker reports until a market time; returns how many fills there were."""
    fills = 0
    async for reports in desk.broker.events(until):
        crash_point(CrashPoint.MARKET_MOVED)
        fills += len(take_reports(desk, reports, orders).fills)
        crash_point(CrashPoint.FILLS_BOOKED)
    return fills


def _alerts(anomalies: Iterable[Anomaly]) -> list[Alert]:
    return [
        Alert(
            kind=anomaly.kind.lower(),
            cause=f"{anomaly.kind}:{anomaly.client_order_id}:{anomaly.message}",
            message=f"{anomaly.client_order_id}: {anomaly.message}",
            at=anomaly.at,
            client_order_id=anomaly.client_order_id,
        )
        for anomaly in anomalies
    ]
