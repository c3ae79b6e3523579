"""Orders leave in batches: while one is on its way the next is permitted, and the answer before it booked."""

import asyncio
import logging
from collections.abc import Awaitable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

import pandas as pd
import psycopg

from orderworks.brokers.adapter import Report
from orderworks.desk.booking import Booking, move
from orderworks.desk.desk import Desk
from orderworks.desk.permitting import Priced, permit_at, priced_at
from orderworks.desk.readiness import ready_to_leave
from orderworks.desk.releasing import Due
from orderworks.desk.reports import BATCH, record, take_reports
from orderworks.ledger.movements import require_still_permitted
from orderworks.ledger.orders import OrderMap, OrderRecord
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import OrderworksError, PacingRefused
from orderworks.model.state import OrderEvent, OrderState

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Answered(NamedTuple):
    """Orders that were sent in one request, and what the broker answered."""

    orders: Sequence[OrderRecord]
    reports: Sequence[Report]


async def leave(desk: Desk, orders: OrderMap, due: Sequence[Due], quotes: pd.DataFrame) -> None:
    """Sends orders at their quotes: each time all of which nothing need be asked and that may leave at once.

    What the broker refused for coming too fast needs a new permission. In a replayed market the last answers
    may still be being booked as it returns: the market goes on meanwhile, and whoever reads the ledger awaits
    ``written`` first.

    Args:
        orders: the account's open orders, which move with what is booked.

    Raises:
        LeaseLost, KillSwitchThrown, RunCancelled, NotApproved: and nothing more was sent.
    """
    symbols = [one.order.symbol for one in due]
    start = 0
    while start < len(due):
        end = start + await ready_to_leave(desk.broker, symbols[start:])
        start += await _leave_at_once(desk, orders, due[start:end], quotes.iloc[start:end])
    await desk.keep_up()
    crash_point(CrashPoint.SEND_OVER)


async def _leave_at_once(
    desk: Desk, orders: OrderMap, due: Sequence[Due], quotes: pd.DataFrame
) -> int:
    """Sends what has room to leave, a batch a request; returns how many the broker has looked at.

    What is permitted while the batch before it is on its way leaves only if nothing has stopped it
    since, which is the last that is asked before it does; otherwise it is taken back, and so it is
    where that batch fails. All that was answered is booked, however this ends.
    """
    at, looked_at = desk.clock.now(), 0
    first = priced_at(desk, due[:BATCH], quotes.iloc[:BATCH])
    # The others are priced while the ledger permits these: beside an exchange that computes it takes longer.
    _, batches = await asyncio.gather(
        permit_at(desk, first, at), _priced_batches(desk, due[BATCH:], quotes.iloc[BATCH:])
    )
    leaving: Priced | None = first
    answered = Answered([], [])
    while leaving is not None:
        answer, following = await asyncio.gather(
            _tried(desk.broker.submit_orders(leaving.messages)),
            _tried(_book_and_permit(desk, orders, answered, batches, at)),
        )
        ahead = following if isinstance(following, Priced) else None
        if isinstance(answer, PacingRefused):
            await _take_back(desk, [leaving, ahead], answer)
            if isinstance(following, Exception):
                raise following
            return looked_at
        if isinstance(answer, Exception):
            await _take_back(desk, [ahead], answer)
            raise answer
        crash_point(CrashPoint.SEND_ANSWERED)
        looked_at += len(leaving.orders)
        answered = Answered(leaving.orders, answer)
        stopped = following if isinstance(following, Exception) else _stopped_since(desk, ahead)
        if stopped is not None:
            await _book(desk, orders, answered)
            await _take_back(desk, [ahead], stopped)
            raise stopped
        leaving = ahead
    await _book(desk, orders, answered)
    return looked_at


async def _priced_batches(desk: Desk, due: Sequence[Due], quotes: pd.DataFrame) -> Iterator[Priced]:
    return priced_at(desk, due, quotes).batches(BATCH)


async def _book_and_permit(
    desk: Desk, orders: OrderMap, answered: Answered, batches: Iterator[Priced], at: datetime
) -> Priced | None:
    """What is done while a batch is on its way."""
    await _book(desk, orders, answered)
    return await _permit_next(desk, batches, at)


async def _permit_next(desk: Desk, batches: Iterator[Priced], at: datetime) -> Priced | None:
    batch = next(batches, None)
    if batch is not None:
        await permit_at(desk, batch, at)
    return batch


async def _book(desk: Desk, orders: OrderMap, answered: Answered) -> None:
    await take_reports(desk, answered.reports, orders)
    await _mark_silent(desk, answered.orders, answered.reports)


async def _tried(work: Awaitable[Result]) -> Result | Exception:
    """What came of it, or what it failed with: what goes on beside it comes to its end first."""
    try:
        return await work
    except Exception as failure:  # noqa: BLE001 - whoever waits for both raises it
        return failure


def _stopped_since(desk: Desk, ahead: Priced | None) -> Exception | None:
    """What has stopped the account, or a run, since orders were permitted."""
    try:
        if ahead is not None:
            require_still_permitted(desk.ledger, desk.held_lease, ahead.names)
    except (OrderworksError, psycopg.Error) as stopped:
        return stopped
    return None


async def _take_back(desk: Desk, batches: Sequence[Priced | None], why: Exception) -> None:
    """What was not sent, or was not looked at, never reached the broker: it may be sent again."""
    booking, at = Booking(), desk.clock.now()
    for order in (one for batch in batches if batch is not None for one in batch.orders):
        move(booking, order, OrderEvent.SILENCE, at, str(why))
        move(booking, order, OrderEvent.ABSENCE, at, "nothing of it has reached the broker")
    if booking.events:
        await desk.write(partial(record, desk, booking))
        await desk.written()


async def _mark_silent(desk: Desk, sent: Sequence[OrderRecord], reports: Sequence[Report]) -> None:
    """What was sent and not answered is unknown until evidence settles it."""
    answered = {report.client_order_id for report in reports}
    unanswered = [order for order in sent if order.client_order_id not in answered]
    if not unanswered:
        return
    names = ", ".join(order.client_order_id for order in unanswered)
    log.warning("no answer for %s; their fate is unknown", names)
    booking = Booking()
    for order in unanswered:
        if order.state is OrderState.PENDING:
            move(booking, order, OrderEvent.SILENCE, desk.clock.now(), "the broker did not answer")
    await desk.write(partial(record, desk, booking))
    await desk.written()
    crash_point(CrashPoint.SILENCE_BOOKED)
