"""kill -9 at every named point of every scenario, then the same worker again.

Judged by the exchange's own record: the same orders, and of each as many shares, as without the kill.
"""

from collections.abc import Callable

import pytest
from _pytest.mark import ParameterSet
from lives import Lives, Unhurt, recorded
from pairs import Pair, as_case, reached
from scenarios import SCENARIOS

from orderworks.model.crash_points import CrashPoint

ALWAYS = {
    ("simple order", CrashPoint.SEND_PERMITTED),
    ("bracket", CrashPoint.EXCHANGE_RECORDED),
    ("cancel and replace", CrashPoint.EXCHANGE_REPLACED),
    ("flatten", CrashPoint.KILL_THROWN),
}
"""What is looked at in every run of the tests; the others by ``-m proof``."""


def _marked(pair: Pair) -> ParameterSet:
    return as_case(pair) if pair in ALWAYS else as_case(pair, pytest.mark.proof)


@pytest.mark.parametrize(("scenario", "point"), map(_marked, reached()))
def test_what_was_killed_is_completed(
    lives: Lives, unhurt: Callable[[str], Unhurt], scenario: str, point: CrashPoint
) -> None:
    lives.die(scenario, point)
    lives.finish(scenario)
    assert recorded(lives.url) == unhurt(scenario).record


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_unhurt_it_trades_what_is_asked_for_and_passes_the_points_that_are_said_to_be_reached(
    unhurt: Callable[[str], Unhurt], scenario: str
) -> None:
    assert unhurt(scenario).record.trades == SCENARIOS[scenario].trades
    assert unhurt(scenario).passed == {point for name, point in reached() if name == scenario}


def test_every_point_is_reached_in_some_scenario() -> None:
    assert {point for _, point in reached()} == set(CrashPoint)
