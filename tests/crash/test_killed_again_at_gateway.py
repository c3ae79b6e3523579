"""kill -9 at Interactive Brokers in one life after the other: while it recovers, and on and on."""

import pytest
from lives import Lives
from pairs import as_cases
from scenarios import SCENARIOS
from venues import GATEWAY

from orderworks.model.crash_points import CrashPoint

WHILE_RECOVERING = (
    # Numbered and never sent: it must be released for sending, once, under its number.
    (CrashPoint.NUMBERS_COMMITTED, CrashPoint.ABSENCE_BOOKED),
    (CrashPoint.NUMBERS_COMMITTED, CrashPoint.ABSENCE_BOOKED, CrashPoint.NUMBERS_COMMITTED),
    (CrashPoint.SEND_PERMITTED, CrashPoint.NUMBERS_COMMITTED, CrashPoint.ORDERS_LEFT),
    # Left and never answered: what the snapshot shows must be booked, once.
    (CrashPoint.ORDERS_LEFT, CrashPoint.SNAPSHOT_TAKEN, CrashPoint.EVIDENCE_BOOKED),
    (CrashPoint.ORDERS_LEFT, CrashPoint.BOOKING_BEFORE_COMMIT, CrashPoint.BOOKING_COMMITTED),
    # Taken over and not worked.
    (CrashPoint.SEND_BOOKED, CrashPoint.LEASE_TAKEN, CrashPoint.BROKER_CONNECTED),
)

AGAIN_AND_AGAIN = frozenset(
    {
        CrashPoint.NUMBERS_COMMITTED,
        CrashPoint.ENTRIES_LEFT,
        CrashPoint.ORDERS_LEFT,
        CrashPoint.CANCELS_LEFT,
        CrashPoint.CHANGES_LEFT,
        CrashPoint.NEWS_HEARD,
    }
)
"""All that only this broker has; the others are passed again and again at the exchange."""


@pytest.mark.proof
@pytest.mark.parametrize("venue", [GATEWAY])
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("points", WHILE_RECOVERING, ids="+".join)
def test_what_was_killed_while_it_recovered_is_completed(
    lives: Lives, scenario: str, points: tuple[CrashPoint, ...]
) -> None:
    assert lives.complete(*points).trades == SCENARIOS[scenario].trades


@pytest.mark.parametrize(("venue", "scenario", "point"), as_cases(GATEWAY, AGAIN_AND_AGAIN))
def test_what_is_killed_a_little_later_each_time_is_completed(
    lives: Lives, scenario: str, point: CrashPoint
) -> None:
    assert lives.complete_ever_later(point).trades == SCENARIOS[scenario].trades
