"""Waves: all children due at one time, worked until the next are due.

Whoever holds the account's lease works everything that is due for it, whichever run planned it;
another run watches its own orders in the ledger, and takes over where the holder is gone.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderworks.brokers.patience import MENDED_BY_WAITING
from orderworks.desk.booking import UNCONFIRMED, Booking, move
from orderworks.desk.desk import POLL_SECONDS, Desk
from orderworks.desk.ending import end_cancelled, withdraw_unsent
from orderworks.desk.locks import locks_of, unlocked
from orderworks.desk.making_room import make_room, with_entries
from orderworks.desk.participation import missed_slices, volume_targets
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.releasing import SKIPPED, due_now
from orderworks.desk.reports import follow, record
from orderworks.desk.revising import reprice
from orderworks.desk.settling import plan_sweeps, retire_parents, settle_leftovers, sweep_before
from orderworks.desk.submission import Sent, send
from orderworks.ledger.approvals import proposed_runs
from orderworks.ledger.orders import OrderMap, has_work, next_moment, open_orders
from orderworks.ledger.runs import Run
from orderworks.ledger.runs_at_work import runs_at_work
from orderworks.model.counted import counted
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import BrokerError, OrdersUnsettled, RunCancelled
from orderworks.model.order import Replacement
from orderworks.model.state import OrderEvent

log = logging.getLogger(__name__)

LAST_WAVES = 3
"""How often a run tries to settle what is left at its end; then a person must look."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Work from the market time ``due_at``, until the next wave's."""

    number: int
    due_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class WaveResult:
    """What a wave did."""

    cancelled: int
    sent: int
    refused: int
    fills: int

    def __str__(self) -> str:
        parts = [f"{self.sent} sent", counted(self.fills, "fill")]
        if self.cancelled:
            parts.append(f"{counted(self.cancelled, 'leftover')} cancelled")
        if self.refused:
            parts.append(f"{self.refused} refused")
        return ", ".join(parts)


async def waves(desk: Desk, run: Run) -> AsyncIterator[Wave]:
    """The waves of the account, for as long as the run has work; each ends where the next begins.

    Waits, watching, while another worker holds the account.

    Raises:
        OrdersUnsettled: if orders are left that the last waves could not settle.
    """
    ends_at = run.ends_at or desk.clock.now()
    number = after_the_end = 0
    while not _is_done(desk, run, ends_at) and after_the_end < LAST_WAVES:
        if not await _hold(desk, run, ends_at):
            return
        if number:
            # After the last wave the run reconciles itself.
            await reconcile(desk, run)
        due_at = desk.clock.now()
        following = _next_moment(desk, due_at) or ends_at
        yield Wave(number, due_at, max(due_at, min(following, ends_at)))
        number += 1
        after_the_end += due_at >= ends_at
    if after_the_end >= LAST_WAVES:
        raise OrdersUnsettled(
            f"run '{run.run_key}' came to its end with orders that could not be settled; 'orderworks "
            "orders' shows them, and 'orderworks run recover' tries again"
        )


def _next_moment(desk: Desk, after: datetime) -> datetime | None:
    every = timedelta(seconds=desk.settings.execution.reprice_seconds)
    return next_moment(desk.ledger, desk.account, after, sweep_before(desk), every)


async def work_wave(desk: Desk, wave: Wave) -> WaveResult:
    """Settles the last wave's leftovers, sends this one, and books fills until the next is due.

    The next is due at once where another run's plan is committed meanwhile, or one of them cancelled.

    What was sent and not answered is looked for at the broker at once, and sent again, once, where
    it is proven never to have arrived: at the end of the run it would be too late.

    Safe to repeat at any point: everything that it does it derives from the ledger. Where the line to
    the broker breaks it is repeated, from what a snapshot shows once the line is there again; where a run
    was cancelled meanwhile, without that.

    Raises:
        BrokerError: if the line does not come back while patience lasts.
    """
    waiting, is_broken = desk.patience.begin(), False
    while True:
        try:
            if is_broken:
                await desk.regain_broker()
                log.info("the broker answers again; reconciled: %s", await reconcile(desk, None))
                waiting.hasten()
            return await _work(desk, wave)
        except RunCancelled as told:
            log.warning("%s", told)
        except BrokerError as error:
            # The line may have broken because another worker took the account: then that is told.
            await desk.require_lease()
            if not isinstance(error, MENDED_BY_WAITING):
                raise
            is_broken = True
            await waiting.after(error)
        finally:
            # Whoever comes next finds the ledger as it stands.
            await desk.let_writing_end()


async def _work(desk: Desk, wave: Wave) -> WaveResult:
    crash_point(CrashPoint.WAVE_BEGINS)
    at_work = runs_at_work(desk.ledger, desk.account)
    # Read once: under the lease nobody else books, and each booking moves these along.
    orders = _orders_at_work(desk)
    if _any_unconfirmed(orders):
        orders = await _settle_unconfirmed(desk)
    stopped = await end_cancelled(desk, orders)
    cancelled = await settle_leftovers(desk, orders)
    await reprice(desk, {n: one for n, one in orders.items() if one.run_id not in stopped})
    await plan_sweeps(desk, orders)
    sent = await _send_due(desk, orders, wave)
    if _any_unconfirmed(orders):
        orders = await _settle_unconfirmed(desk)
        cancelled += await settle_leftovers(desk, orders)
        sent += await _send_due(desk, orders, wave)
    fills = await follow(
        desk,
        wave.until,
        orders,
        is_called=lambda: not runs_at_work(desk.ledger, desk.account) <= at_work,
    )
    retire_parents(desk, orders)
    crash_point(CrashPoint.WAVE_DONE)
    return WaveResult(cancelled, sent.sent, sent.refused, fills)


def _any_unconfirmed(orders: OrderMap) -> bool:
    return any(order.state in UNCONFIRMED and not order.held for order in orders.values())


async def _settle_unconfirmed(desk: Desk) -> OrderMap:
    """Looks for unanswered orders at the broker; returns the open orders as they stand then."""
    await reconcile(desk, None)
    return _orders_at_work(desk)


def _orders_at_work(desk: Desk) -> OrderMap:
    """The account's open orders, but for those of plans that wait to be approved."""
    # In this order: a plan that is proposed between the two is not among the orders.
    found = open_orders(desk.ledger, desk.account)
    waiting = proposed_runs(desk.ledger, desk.account)
    return with_entries(desk, {n: one for n, one in found.items() if one.run_id not in waiting})


async def _send_due(desk: Desk, orders: OrderMap, wave: Wave) -> Sent:
    now = desk.clock.now()
    if now >= desk.session.close:
        withdraw_unsent(desk, orders, f"the session closed at {desk.session.close:%H:%M} UTC")
        return Sent(0, 0)
    missed = missed_slices(desk, orders, now)
    agenda = due_now(orders, now, volume_targets(desk, orders, now), missed)
    agenda = unlocked(agenda, locks_of(desk))
    agenda = await make_room(desk, orders, agenda)
    booking = Booking()
    for child, reason in agenda.idle:
        move(booking, child, OrderEvent.WITHDRAW, now, reason)
    for parent, shares in agenda.smaller:
        terms = Replacement(
            parent.client_order_id, parent.quantity - shares, parent.limit_price, parent.stop_price
        )
        move(booking, parent, OrderEvent.REPLACE, now, SKIPPED, terms)
    record(desk, booking)
    return await send(desk, orders, agenda.due, wave.until) if agenda.due else Sent(0, 0)


async def _hold(desk: Desk, run: Run, ends_at: datetime) -> bool:
    """Returns with the lease held, True, or with the run's orders done by another worker, False."""
    while desk.lease is None:
        if await desk.take_over():
            await reconcile(desk, run)
            return True
        await asyncio.sleep(POLL_SECONDS)
        if _is_done(desk, run, ends_at):
            return False
    return True


def _is_done(desk: Desk, run: Run, ends_at: datetime) -> bool:
    """Whether the run's own orders need no more work."""
    return not has_work(desk.ledger, run.run_id, over=desk.clock.now() >= ends_at)
