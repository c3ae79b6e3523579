"""kill -9 in one life after the other: while it recovers, and on and on until it gets through."""

import pytest
from lives import Lives
from pairs import as_cases
from scenarios import SCENARIOS
from venues import EXCHANGE, GATEWAY

from orderworks.model.crash_points import CrashPoint

WHILE_RECOVERING = {
    EXCHANGE: (
        # Permitted and never sent: it must be released for sending, once.
        (CrashPoint.SEND_PERMITTED, CrashPoint.ABSENCE_BOOKED),
        (CrashPoint.EXCHANGE_BEFORE_RECORD, CrashPoint.ABSENCE_BOOKED),
        (CrashPoint.SEND_PERMITTED, CrashPoint.ABSENCE_BOOKED, CrashPoint.SEND_PERMITTED),
        (CrashPoint.SEND_PERMITTED, CrashPoint.SEND_PERMITTED),
        # Received and never answered: what the snapshot shows must be booked, once.
        (CrashPoint.EXCHANGE_RECORDED, CrashPoint.SNAPSHOT_TAKEN, CrashPoint.EVIDENCE_BOOKED),
        (
            CrashPoint.EXCHANGE_RECORDED,
            CrashPoint.BOOKING_BEFORE_COMMIT,
            CrashPoint.BOOKING_COMMITTED,
        ),
        (CrashPoint.EXCHANGE_WENT_ON, CrashPoint.EVIDENCE_BOOKED, CrashPoint.RECONCILED),
        # Taken over and not worked.
        (CrashPoint.SEND_OVER, CrashPoint.LEASE_TAKEN, CrashPoint.BROKER_CONNECTED),
    ),
    GATEWAY: (
        # Numbered and never sent: it must be released for sending, once, under its number.
        (CrashPoint.NUMBERS_COMMITTED, CrashPoint.ABSENCE_BOOKED),
        (CrashPoint.NUMBERS_COMMITTED, CrashPoint.ABSENCE_BOOKED, CrashPoint.NUMBERS_COMMITTED),
        (CrashPoint.SEND_PERMITTED, CrashPoint.NUMBERS_COMMITTED, CrashPoint.ORDERS_LEFT),
        # Left and never answered: what the snapshot shows must be booked, once.
        (CrashPoint.ORDERS_LEFT, CrashPoint.SNAPSHOT_TAKEN, CrashPoint.EVIDENCE_BOOKED),
        (CrashPoint.ORDERS_LEFT, CrashPoint.BOOKING_BEFORE_COMMIT, CrashPoint.BOOKING_COMMITTED),
        # Taken over and not worked.
        (CrashPoint.SEND_OVER, CrashPoint.LEASE_TAKEN, CrashPoint.BROKER_CONNECTED),
    ),
}

AGAIN_AND_AGAIN = {
    # Of the points that a worker passes wave after wave, one of each step.
    EXCHANGE: {
        CrashPoint.RECONCILED,
        CrashPoint.WAVE_BEGINS,
        CrashPoint.CANCEL_ANSWERED,
        CrashPoint.REVISION_PERMITTED,
        CrashPoint.EXCHANGE_REPLACED,
        CrashPoint.SEND_PERMITTED,
        CrashPoint.EXCHANGE_RECORDED,
        CrashPoint.SEND_ANSWERED,
        CrashPoint.EXCHANGE_WENT_ON,
        CrashPoint.MARKET_MOVED,
        CrashPoint.BOOKING_BEFORE_COMMIT,
        CrashPoint.BOOKING_COMMITTED,
        CrashPoint.PARENTS_RETIRED,
    },
    # All that only this broker has; the others are passed again and again at the exchange.
    GATEWAY: {
        CrashPoint.NUMBERS_COMMITTED,
        CrashPoint.ENTRIES_LEFT,
        CrashPoint.ORDERS_LEFT,
        CrashPoint.CANCELS_LEFT,
        CrashPoint.CHANGES_LEFT,
        CrashPoint.NEWS_HEARD,
    },
}


@pytest.mark.proof
@pytest.mark.parametrize(
    ("venue", "points"),
    [(venue, points) for venue, chains in WHILE_RECOVERING.items() for points in chains],
    ids=lambda told: told if isinstance(told, str) else "+".join(told),
)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_was_killed_while_it_recovered_is_completed(
    lives: Lives, scenario: str, points: tuple[CrashPoint, ...]
) -> None:
    assert lives.complete(*points).trades == SCENARIOS[scenario].trades


@pytest.mark.parametrize(
    ("venue", "scenario", "point"),
    [case for venue, points in AGAIN_AND_AGAIN.items() for case in as_cases(venue, points)],
)
def test_what_is_killed_a_little_later_each_time_is_completed(
    lives: Lives, scenario: str, point: CrashPoint
) -> None:
    assert lives.complete_ever_later(point).trades == SCENARIOS[scenario].trades
