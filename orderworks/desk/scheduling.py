"""The schedule of a run: when each child of each routed order is due, and when it crosses."""

from datetime import timedelta

import pandas as pd

from orderworks.desk.curves import with_curves
from orderworks.desk.desk import Desk
from orderworks.desk.timing import require_workable
from orderworks.planning.crossing import cross_times
from orderworks.planning.scheduling import Horizon, Schedule, schedule


def schedule_run(desk: Desk, run_key: str, routed: pd.DataFrame, window: Horizon) -> Schedule:
    """Parents and children of a run over its horizon; ``children`` with cross_at (NaT: never).

    Raises:
        InputError: naming the first signal whose own start and end leave no time.
    """
    require_workable(desk, routed, window)
    routed, curves = with_curves(desk, routed, window)
    planned = schedule(routed, window, desk.account, run_key, curves)
    before = timedelta(seconds=desk.settings.execution.sweep_seconds)
    planned.children["cross_at"] = cross_times(planned, before)
    return planned
