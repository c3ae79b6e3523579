"""kill -9 at every named point of every scenario at Interactive Brokers, then the same worker again.

Judged by the gateway's own record: the same orders, each once, and of each as many shares, as without
the kill.
"""

from collections.abc import Callable

import pytest
from lives import Lives, Unhurt
from pairs import as_cases, reached
from scenarios import SCENARIOS
from venues import GATEWAY, Venue

from orderworks.model.crash_points import CrashPoint

pytestmark = pytest.mark.proof

ALWAYS = {("bracket", CrashPoint.ENTRIES_LEFT), ("flatten", CrashPoint.ORDERS_LEFT)}
"""What is looked at in every run of the tests; the others by ``-m proof``."""


@pytest.mark.parametrize(("venue", "scenario", "point"), as_cases(GATEWAY, always=ALWAYS))
def test_what_was_killed_is_completed(lives: Lives, unhurt: Unhurt, point: CrashPoint) -> None:
    assert lives.complete(point) == unhurt.record


@pytest.mark.parametrize("venue", [GATEWAY])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_unhurt_it_trades_what_is_asked_for_and_passes_the_points_that_are_said_to_be_reached(
    unhurt: Unhurt, scenario: str
) -> None:
    assert unhurt.record.trades == SCENARIOS[scenario].trades
    assert unhurt.passed == {point for name, point in reached(GATEWAY) if name == scenario}


@pytest.mark.parametrize("venue", [GATEWAY])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_unhurt_it_trades_what_it_trades_at_the_exchange_in_its_process_to_the_second_and_the_cent(
    unhurt: Unhurt, exchange: Venue, unhurt_at: Callable[[Venue, str], Unhurt], scenario: str
) -> None:
    in_process = unhurt_at(exchange, scenario)
    assert unhurt.record == in_process.record
    assert unhurt.fills == in_process.fills
