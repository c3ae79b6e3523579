"""kill -9 at every named point of every scenario at Interactive Brokers, then the same worker again.

Judged by the gateway's own record: the same orders, each once, and of each as many shares, as without
the kill.
"""

import pytest
from lives import Lives, Unhurt
from pairs import as_cases, reached
from scenarios import SCENARIOS
from venues import GATEWAY

from orderworks.model.crash_points import CrashPoint

ALWAYS = {("bracket", CrashPoint.ENTRIES_LEFT), ("flatten", CrashPoint.ORDERS_LEFT)}
"""What is looked at in every run of the tests; the others by ``-m proof``."""


@pytest.mark.parametrize(("venue", "scenario", "point"), as_cases(GATEWAY, always=ALWAYS))
def test_what_was_killed_is_completed(lives: Lives, unhurt: Unhurt, point: CrashPoint) -> None:
    lives.die(point)
    lives.finish()
    assert lives.recorded() == unhurt.record


@pytest.mark.parametrize("venue", [GATEWAY])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_unhurt_it_trades_what_is_asked_for_and_passes_the_points_that_are_said_to_be_reached(
    unhurt: Unhurt, scenario: str
) -> None:
    assert unhurt.record.trades == SCENARIOS[scenario].trades
    assert unhurt.passed == {point for name, point in reached(GATEWAY) if name == scenario}
