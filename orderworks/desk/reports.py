"""Taking a broker's reports into the ledger: read what they touch, apply, commit as one."""

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from orderworks.brokers.adapter import Report
from orderworks.desk.booking import Anomaly, Booking, book_reports
from orderworks.desk.comparison import past
from orderworks.desk.desk import Desk
from orderworks.desk.releasing import oversized
from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.booked_executions import booked_executions, standing_reports
from orderworks.ledger.movements import book
from orderworks.ledger.orders import OrderMap, open_orders, orders_by_id
from orderworks.model.clock import is_replayed
from orderworks.model.crash_points import CrashPoint, crash_point

log = logging.getLogger(__name__)

BATCH = 2_500
"""Orders or reports that are committed together: enough to be cheap, few enough to overlap."""

LOOK = timedelta(seconds=5)
"""Of the market, for which the broker is listened to before whoever listens looks whether it is called."""

Item = TypeVar("Item")


async def take_reports(
    desk: Desk, reports: Sequence[Report], orders: OrderMap | None = None
) -> Booking:
    """Books reports, a batch a transaction, each written while the next is worked out.

    Args:
        orders: orders that the caller has read under this lease, with their parents; they move
            with the booking, and those that it lacks are read and added.

    Raises:
        LeaseLost: and nothing more was booked.
    """
    await desk.written()
    orders = {} if orders is None else orders
    named = {report.client_order_id for report in reports}
    parents = {orders[name].parent_id or name for name in named if name in orders}
    found = orders_by_id(desk.ledger, sorted((named | parents) - orders.keys()))
    # What the caller has moves; a parent read once more beside it would leave that behind.
    orders |= {name: order for name, order in found.items() if name not in orders}
    known = booked_executions(
        desk.ledger,
        desk.account,
        [
            name
            for report in reports
            if report.fill is not None
            for name in (report.fill.exec_id, report.fill.replaces)
            if name is not None
        ],
    )
    told = [report.fill for report in reports if report.fill is not None]
    known |= dict.fromkeys(past(told, known) - known.keys(), 0)
    reports = _onto_what_stands(desk, reports, known)
    whole = Booking()
    for batch in batched(reports, BATCH):
        booking = book_reports(batch, orders, known)
        known |= {fill.exec_id: fill.quantity for fill in booking.fills}
        known |= {fill.replaces: 0 for fill in booking.fills if fill.replaces is not None}
        await desk.write(partial(record, desk, booking))
        whole += booking
    return whole


def _onto_what_stands(
    desk: Desk, reports: Sequence[Report], known: dict[str, int]
) -> Sequence[Report]:
    """Reports in which a correction replaces what stands in the ledger for what it corrects.

    A broker tells it of the report before, of which this process need not have heard all: another may have
    booked its commission as a correction.

    Args:
        known: the executions that the ledger has; what stands there is added.
    """
    corrected = {
        report.fill.replaces
        for report in reports
        if report.fill is not None
        and report.fill.replaces is not None
        and report.fill.exec_id not in known
    }
    standing = standing_reports(desk.ledger, desk.account, sorted(corrected))
    known |= booked_executions(desk.ledger, desk.account, list(standing.values()))
    return [_onto(standing, report) for report in reports] if standing else reports


def _onto(standing: Mapping[str, str], report: Report) -> Report:
    fill = report.fill
    if fill is None or fill.replaces is None or fill.replaces not in standing:
        return report
    return report._replace(fill=replace(fill, replaces=standing[fill.replaces]))


def record(desk: Desk, booking: Booking) -> None:
    """Commits a booking and an alert for each anomaly in it, as one."""
    with desk.ledger.transaction():
        if booking.events or booking.fills:
            book(desk.ledger, desk.held_lease, booking.events, booking.fills)
        if booking.anomalies:
            raise_alerts(desk.ledger, desk.account, _alerts(booking.anomalies))
        crash_point(CrashPoint.BOOKING_BEFORE_COMMIT)
    crash_point(CrashPoint.BOOKING_COMMITTED)


async def cancel(
    desk: Desk, client_order_ids: Sequence[str], orders: OrderMap | None = None
) -> None:
    """Asks the broker to cancel, and books what it answered."""
    if client_order_ids:
        crash_point(CrashPoint.CANCEL_BEFORE_MESSAGE)
        reports = await desk.broker.cancel_orders(client_order_ids)
        crash_point(CrashPoint.CANCEL_ANSWERED)
        await take_reports(desk, reports, orders)
        await desk.written()
        crash_point(CrashPoint.CANCEL_BOOKED)


async def follow(
    desk: Desk,
    until: datetime,
    orders: OrderMap | None = None,
    is_called: Callable[[], bool] | None = None,
) -> int:
    """Books what the broker reports until a market time; returns how many fills there were.

    Args:
        is_called: whether something else is to be done now; asked now and then, and then it returns early.

    Where something fills late, what took its place is cancelled at once: nobody else may look at it
    again before it has filled too.
    """
    fills = 0
    crash_point(CrashPoint.FOLLOW_BEFORE_MESSAGE)
    async for reports in _heard(desk, until, is_called):
        crash_point(CrashPoint.MARKET_MOVED)
        booking = await take_reports(desk, reports, orders)
        fills += len(booking.fills)
        await desk.keep_up()
        if booking.anomalies:
            await desk.written()
            await cancel(desk, oversized(open_orders(desk.ledger, desk.account)), orders)
    await desk.written()
    crash_point(CrashPoint.FILLS_BOOKED)
    return fills


async def _heard(
    desk: Desk, until: datetime, is_called: Callable[[], bool] | None
) -> AsyncIterator[list[Report]]:
    if is_called is not None and not is_replayed(desk.clock):
        while (look_at := desk.clock.now() + LOOK) < until:
            async for reports in desk.broker.events(look_at):
                yield reports
            await desk.written()
            if is_called():
                return
    async for reports in desk.broker.events(until):
        yield reports


def batched(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """``items`` in runs of at most ``size``."""
    return (items[start : start + size] for start in range(0, len(items), size))


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
