"""No point of the code is left out of the matrix."""

from pairs import NEVER, reached

from orderworks.model.crash_points import CrashPoint


def test_every_point_is_reached_in_some_scenario_somewhere() -> None:
    assert {point for venue in NEVER for _, point in reached(venue)} == set(CrashPoint)
