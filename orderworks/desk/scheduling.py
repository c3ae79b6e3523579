"""The schedule of a run: when each child of each routed order is due, when it crosses, its exits."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from orderworks.desk.curves import with_curves
from orderworks.desk.desk import Desk
from orderworks.desk.timing import horizon_of, require_workable
from orderworks.planning.crossing import cross_times
from orderworks.planning.exits import exits
from orderworks.planning.scheduling import Horizon, Schedule, schedule


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The orders of a run with their children and exits, and the time in which they are worked.

    The children have ``cross_at`` too: NaT where they never cross.
    """

    window: Horizon
    schedule: Schedule
    exits: pd.DataFrame


def schedule_routed(desk: Desk, run_key: str, routed: pd.DataFrame) -> Scheduled:
    """The children of every order and when each is due.

    Raises:
        InputError: if it is too late, or a signal's own times leave none.
    """
    window = horizon_of(desk)
    require_workable(desk, routed, window)
    routed, curves = with_curves(desk, routed, window)
    planned = schedule(routed, window, desk.account, run_key, curves)
    before = timedelta(seconds=desk.settings.execution.sweep_seconds)
    planned.children["cross_at"] = cross_times(planned, before)
    return Scheduled(window, planned, exits(planned, desk.account, run_key))
