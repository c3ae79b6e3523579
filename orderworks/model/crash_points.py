"""Named places at which a test may kill the process, as a power failure would.

They stand at every durable step and on both sides of every message, and do nothing unless
``ORDERWORKS_CRASH_AT=NAME`` or ``NAME:N`` (at the N-th time) is set, or a simulation says what
happens there.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

VARIABLE = "ORDERWORKS_CRASH_AT"
_passed: Counter[str] = Counter()


class CrashPoint(StrEnum):
    """Where a process can be made to die."""

    RUN_STARTED = "run-started"
    LEASE_TAKEN = "lease-taken"
    BROKER_CONNECTED = "broker-connected"
    SNAPSHOT_BEFORE_MESSAGE = "snapshot-before-message"
    SNAPSHOT_TAKEN = "snapshot-taken"
    OPENING_BOOKED = "opening-booked"
    EVIDENCE_BOOKED = "evidence-booked"
    ABSENCE_BOOKED = "absence-booked"
    RECONCILIATION_RECORDED = "reconciliation-recorded"
    RECONCILED = "reconciled"
    PLAN_BEFORE_FREEZE = "plan-before-freeze"
    PLAN_FROZEN = "plan-frozen"
    WAVE_BEGINS = "wave-begins"
    CANCEL_BEFORE_MESSAGE = "cancel-before-message"
    EXCHANGE_BEFORE_CANCEL = "exchange-before-cancel"
    EXCHANGE_CANCELLED = "exchange-cancelled"
    CANCELS_LEFT = "cancels-left"
    CANCEL_ANSWERED = "cancel-answered"
    CANCEL_BOOKED = "cancel-booked"
    REVISION_BEFORE_PERMIT = "revision-before-permit"
    REVISION_PERMITTED = "revision-permitted"
    EXCHANGE_BEFORE_REPLACE = "exchange-before-replace"
    EXCHANGE_REPLACED = "exchange-replaced"
    CHANGES_LEFT = "changes-left"
    REVISION_ANSWERED = "revision-answered"
    REVISION_BOOKED = "revision-booked"
    SWEEP_PLANNED = "sweep-planned"
    ROOM_MADE = "room-made"
    SEND_BEFORE_PERMIT = "send-before-permit"
    SEND_PERMITTED = "send-permitted"
    EXCHANGE_BEFORE_RECORD = "exchange-before-record"
    EXCHANGE_RECORDED = "exchange-recorded"
    NUMBERS_COMMITTED = "numbers-committed"
    ENTRIES_LEFT = "entries-left"
    ORDERS_LEFT = "orders-left"
    SEND_ANSWERED = "send-answered"
    SILENCE_BOOKED = "silence-booked"
    SEND_OVER = "send-over"
    FOLLOW_BEFORE_MESSAGE = "follow-before-message"
    EXCHANGE_WENT_ON = "exchange-went-on"
    NEWS_HEARD = "news-heard"
    MARKET_MOVED = "market-moved"
    FILLS_BOOKED = "fills-booked"
    BOOKING_BEFORE_COMMIT = "booking-before-commit"
    BOOKING_COMMITTED = "booking-committed"
    PARENTS_BEFORE_RETIRING = "parents-before-retiring"
    PARENTS_RETIRED = "parents-retired"
    WAVE_DONE = "wave-done"
    RUN_BEFORE_DONE = "run-before-done"
    RUN_DONE = "run-done"
    LEASE_GIVEN_BACK = "lease-given-back"
    KILL_THROWN = "kill-thrown"


def crash_point(point: CrashPoint) -> None:
    """What happens here happens: nothing, unless it was asked for."""
    _happens.get()(point)


@contextmanager
def at_crash_points(happens: Callable[[CrashPoint], None]) -> Iterator[None]:
    """In this context, and in the tasks and threads begun in it, ``happens`` is what happens there."""
    token = _happens.set(happens)
    try:
        yield
    finally:
        _happens.reset(token)


def _die_where_asked(point: CrashPoint) -> None:
    asked = os.environ.get(VARIABLE)
    if asked is None:
        return
    name, _, occurrence = asked.partition(":")
    if name == point:
        _passed[name] += 1
        if _passed[name] == int(occurrence or 1):
            os.kill(os.getpid(), signal.SIGKILL)


_happens: ContextVar[Callable[[CrashPoint], None]] = ContextVar(
    "at_crash_points", default=_die_where_asked
)
