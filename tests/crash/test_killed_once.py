"""kill -9 at every named point of every scenario, then the same worker again.

Judged by the exchange's own record: the same orders, and of each as many shares, as without the kill.
"""

import pytest
from lives import Lives, Unhurt
from pairs import as_cases, reached
from scenarios import SCENARIOS
from venues import EXCHANGE

from orderworks.model.crash_points import CrashPoint

ALWAYS = {("simple order", CrashPoint.SEND_PERMITTED)}
"""What is looked at in every run of the tests; the others by ``-m proof``."""


@pytest.mark.parametrize(("venue", "scenario", "point"), as_cases(EXCHANGE, always=ALWAYS))
def test_what_was_killed_is_completed(lives: Lives, unhurt: Unhurt, point: CrashPoint) -> None:
    assert lives.complete(point) == unhurt.record


@pytest.mark.proof
@pytest.mark.parametrize("venue", [EXCHANGE])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_unhurt_it_trades_what_is_asked_for_and_passes_the_points_that_are_said_to_be_reached(
    unhurt: Unhurt, scenario: str
) -> None:
    assert unhurt.record.trades == SCENARIOS[scenario].trades
    assert unhurt.passed == {point for name, point in reached(EXCHANGE) if name == scenario}
