"""Reconciliation: a complete snapshot, what it proves booked, what differs kept as breaks."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from orderworks.brokers.adapter import Report, Snapshot
from orderworks.desk.booking import Anomaly, Booking, move
from orderworks.desk.comparison import (
    Break,
    BreakKind,
    absent,
    differences,
    evidence,
    late_commissions,
    moved,
    past,
)
from orderworks.desk.corporate_actions import book_actions
from orderworks.desk.desk import Desk
from orderworks.desk.doubt import judge_absent
from orderworks.desk.releasing import oversized
from orderworks.desk.reports import cancel, record, take_reports
from orderworks.desk.settling import retire_parents
from orderworks.ledger.accounts import book_opening, booked_portfolio, is_opened
from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.booked_executions import BookedCommissions, booked_commissions
from orderworks.ledger.leases import lease_holder
from orderworks.ledger.movements import asked_revisions
from orderworks.ledger.orders import OrderMap, OrderRecord, open_orders, orders_by_id
from orderworks.ledger.reconciliations import (
    accepted_differences,
    forget_accepted,
    record_reconciliation,
    unresolved_breaks,
)
from orderworks.ledger.runs import Run
from orderworks.model.counted import counted
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.state import AT_BROKER, OrderEvent, OrderState

log = logging.getLogger(__name__)

SETTLE = timedelta(seconds=1)
"""Between the two looks that must both miss an order before it is taken for never received."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconciliation did: transitions and fills healed, orders to send again, breaks left.

    ``left_to`` is another worker who has the account and reconciles it, where that is so.
    """

    healed: int
    absent: int
    breaks: tuple[Break, ...]
    left_to: str | None = None

    @property
    def is_clean(self) -> bool:
        return not self.breaks

    def __str__(self) -> str:
        if self.left_to is not None:
            return f"left to {self.left_to}"
        count = len(self.breaks)
        state = counted(count, "break") if count else "books equal the broker's"
        return f"{state}, {self.healed} healed" if self.healed else state


class _Look(NamedTuple):
    """A look at the broker, once what it proves is booked.

    Attributes:
        orders: ours that are open, or that the snapshot is about.
        healed: how much was booked.
        is_surprising: whether something of it does not fit what had been booked.
        booked: what is booked of the snapshot's executions.
    """

    snapshot: Snapshot
    orders: OrderMap
    healed: int
    is_surprising: bool
    booked: BookedCommissions


async def reconcile(desk: Desk, run: Run | None) -> Reconciled:
    """Brings the ledger to what the broker shows, and records what remains different.

    What took the place of an order that filled late is cancelled: nobody else may look at it again.
    The first reconciliation of an account books its opening balances. Where another worker has the
    account it is left to that one.

    Raises:
        SnapshotIncomplete: and nothing was concluded.
        LeaseLost: and nothing was booked.
    """
    if desk.lease is None:
        return Reconciled(0, 0, (), lease_holder(desk.ledger, desk.account) or "another worker")
    await desk.written()
    # Whoever has lost the account is told so, and takes no line to the broker from whoever has it.
    await desk.require_lease()
    crash_point(CrashPoint.SNAPSHOT_BEFORE_MESSAGE)
    snapshot = await desk.broker.snapshot()
    crash_point(CrashPoint.SNAPSHOT_TAKEN)
    if not is_opened(desk.ledger, desk.account):
        book_opening(desk.ledger, snapshot.portfolio, desk.session.date, desk.clock.now())
        crash_point(CrashPoint.OPENING_BOOKED)
    orders = _our_orders(desk, snapshot)
    healed = book_actions(desk, snapshot, orders)
    look = await _book_evidence(desk, snapshot, orders)
    healed += look.healed
    if look.is_surprising and (names := oversized(look.orders)):
        await cancel(desk, names, look.orders)
        look = await _look_again(desk)
        healed += look.healed
    missing = absent(look.snapshot, look.orders.values())
    to_resend = 0
    if missing:
        await desk.clock.sleep_until(desk.clock.now() + SETTLE)
        look = await _look_again(desk)
        healed += look.healed
        suspected = {order.client_order_id for order in missing}
        still_absent = absent(look.snapshot, look.orders.values())
        missing = [order for order in still_absent if order.client_order_id in suspected]
        to_resend = _settle_absent(desk, missing, look.snapshot)
        crash_point(CrashPoint.ABSENCE_BOOKED)
    # What ended while nobody looked ends its parent too: planning nets against open parents.
    retire_parents(desk, look.orders)
    breaks = _breaks(desk, look)
    _hold_doubled(desk, look.orders, breaks)
    _record(desk, run, healed, breaks)
    crash_point(CrashPoint.RECONCILED)
    return Reconciled(healed, to_resend, tuple(breaks))


def _breaks(desk: Desk, look: _Look) -> list[Break]:
    """What differs, but for what a person lets stand, for as long as that differs."""
    portfolio = booked_portfolio(desk.ledger, desk.account)
    found = differences(look.snapshot, look.orders, portfolio, look.booked)
    accepted = accepted_differences(desk.ledger, desk.account)
    if gone := accepted - {_figures(b) for b in found}:
        forget_accepted(desk.ledger, desk.held_lease, gone)
    return [b for b in found if _figures(b) not in accepted]


def _figures(one: Break) -> tuple[str, str, str, str]:
    return one.kind.value, one.subject, one.ours, one.theirs


def _record(desk: Desk, run: Run | None, healed: int, breaks: Sequence[Break]) -> None:
    at = desk.clock.now()
    record_reconciliation(
        desk.ledger,
        desk.held_lease,
        run.run_id if run else None,
        at,
        healed,
        [(*_figures(b), b.symbol) for b in breaks],
    )
    crash_point(CrashPoint.RECONCILIATION_RECORDED)
    # The same figures later are another break, and told again.
    number = {(b.kind, b.subject): b.id for b in unresolved_breaks(desk.ledger, desk.account)}
    raise_alerts(
        desk.ledger,
        desk.account,
        [
            Alert(
                kind="reconciliation_break",
                cause=f"break:{number[b.kind, b.subject]}:{b.ours}:{b.theirs}",
                subject=f"break:{b.kind}:{b.subject}:{b.ours}:{b.theirs}",
                message=f"{b.kind} of {b.subject}: ours {b.ours}, the broker's {b.theirs}",
                at=at,
                payload={"kind": b.kind, "subject": b.subject, "ours": b.ours, "theirs": b.theirs},
            )
            for b in breaks
        ],
    )


async def _look_again(desk: Desk) -> _Look:
    snapshot = await desk.broker.snapshot()
    return await _book_evidence(desk, snapshot, _our_orders(desk, snapshot))


async def _book_evidence(desk: Desk, snapshot: Snapshot, orders: OrderMap) -> _Look:
    """Books what a snapshot proves."""
    booked = _booked(desk, snapshot)
    live = [name for name, order in orders.items() if order.is_live]
    reports = evidence(snapshot, orders, asked_revisions(desk.ledger, live), booked)
    proven = await _book(desk, reports, orders)
    if proven.fills:
        booked = _booked(desk, snapshot)
    # A process that booked an execution without what it cost may have ended before that was told.
    late = await _book(desk, late_commissions(snapshot, orders, booked), orders)
    if late.fills:
        booked = _booked(desk, snapshot)
    crash_point(CrashPoint.EVIDENCE_BOOKED)
    proven += late
    healed = len(proven.events) + len(proven.fills)
    return _Look(snapshot, orders, healed, bool(proven.anomalies), booked)


async def _book(desk: Desk, reports: Sequence[Report], orders: OrderMap) -> Booking:
    """Books reports, and returns when that is written."""
    booking = await take_reports(desk, reports, orders)
    await desk.written()
    return booking


def _booked(desk: Desk, snapshot: Snapshot) -> BookedCommissions:
    """The executions that the ledger has, or has a correction of, each with what it cost if it stands."""
    shown = [fill.exec_id for fill in snapshot.executions]
    booked = booked_commissions(desk.ledger, desk.account, shown)
    return dict.fromkeys(past(snapshot.executions, booked)) | booked


def _our_orders(desk: Desk, snapshot: Snapshot) -> OrderMap:
    """Every open order, and those that the snapshot is about."""
    named = {theirs.client_order_id for theirs in snapshot.orders}
    named |= {fill.client_order_id for fill in snapshot.executions}
    orders = open_orders(desk.ledger, desk.account)
    return orders | orders_by_id(desk.ledger, sorted(named - orders.keys()), parents_too=False)


def _settle_absent(desk: Desk, missing: Sequence[OrderRecord], snapshot: Snapshot) -> int:
    """What two complete snapshots miss may be sent again, or is held; returns how many may be."""
    held = booked_portfolio(desk.ledger, desk.account)
    judged = judge_absent(missing, moved(held, snapshot.portfolio))
    booking, at = Booking(), desk.clock.now()
    for order in judged.never_received:
        _fall_silent(booking, order, at)
        move(booking, order, OrderEvent.ABSENCE, at, "two complete snapshots do not show it")
    for order, doubt in judged.held:
        _fall_silent(booking, order, at)
        _hold(booking, order, doubt, at)
    record(desk, booking)
    return len(judged.never_received)


def _hold(booking: Booking, order: OrderRecord, doubt: str, at: datetime) -> None:
    """Leaves an order to a person, who is told."""
    move(booking, order, OrderEvent.HOLD, at, doubt)
    message = (
        f"{order.side} {order.remaining} {order.symbol} is held: {doubt}; look at the broker, then "
        "'orderworks adopt' or 'orderworks abandon' it"
    )
    booking.anomalies.append(Anomaly("ORDER_HELD", order.client_order_id, message, at))


def _fall_silent(booking: Booking, order: OrderRecord, at: datetime) -> None:
    if order.state is OrderState.PENDING:
        move(booking, order, OrderEvent.SILENCE, at, "no answer before the process ended")


def _hold_doubled(desk: Desk, orders: OrderMap, breaks: Sequence[Break]) -> None:
    """Two orders at the broker for one of ours: nobody can tell which a message would reach."""
    booking = Booking()
    for b in breaks:
        if b.kind is not BreakKind.TWO_ORDERS:
            continue
        order = orders[b.subject]
        if order.state in AT_BROKER and not order.held:
            doubt = f"the broker has {b.theirs} of this name"
            _hold(booking, order, doubt, desk.clock.now())
    record(desk, booking)
