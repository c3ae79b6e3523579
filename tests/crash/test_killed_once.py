"""kill -9 at every named point of every scenario, then the same worker again.

Judged by the exchange's own record: the same orders, and of each as many shares, as without the kill.
"""

from collections.abc import Callable

import pytest
from _pytest.mark import ParameterSet
from lives import Lives, Record, recorded
from pairs import Pair, as_case, reached
from scenarios import SCENARIOS

from orderworks.model.crash_points import CrashPoint

ALWAYS = {
    ("simple order", CrashPoint.SEND_PERMITTED),
    ("TWAP", CrashPoint.SWEEP_PLANNED),
    ("bracket", CrashPoint.EXCHANGE_RECORDED),
    ("cancel and replace", CrashPoint.EXCHANGE_REPLACED),
    ("flatten", CrashPoint.KILL_THROWN),
    ("lost messages", CrashPoint.ABSENCE_BOOKED),
}
"""What is looked at in every run of the tests; the others by ``-m matrix``."""


def _marked(pair: Pair) -> ParameterSet:
    return as_case(pair) if pair in ALWAYS else as_case(pair, pytest.mark.matrix)


@pytest.mark.parametrize(("scenario", "point"), map(_marked, reached()))
def test_what_was_killed_is_completed(
    lives: Lives, unhurt: Callable[[str], Record], scenario: str, point: CrashPoint
) -> None:
    lives.die(scenario, point)
    lives.finish(scenario)
    assert recorded(lives.url) == unhurt(scenario)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_unhurt_it_trades_what_was_asked_for(
    unhurt: Callable[[str], Record], scenario: str
) -> None:
    record = unhurt(scenario)
    assert record.trades == SCENARIOS[scenario].trades
    assert len(set(record.orders)) == len(record.orders)


def test_the_points_are_at_least_twenty_five_and_each_is_reached() -> None:
    assert {point for _, point in reached()} == set(CrashPoint)
    assert len(CrashPoint) >= 25
