"""Schedule the children of every order and freeze the plan."""

import logging

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.plan import plan_of
from orderworks.desk.scheduling import schedule_run
from orderworks.desk.timing import horizon_of
from orderworks.ledger.runs import Plan, Run
from orderworks.planning.bets import Sized
from orderworks.planning.exits import exits
from orderworks.planning.risk.gate import Gated
from tasks.handing_on import hand_on
from tasks.step import step

log = logging.getLogger("orderworks.tasks.schedule_orders")


@step("schedule orders")
async def schedule_orders(
    desk: Desk,
    run: Run,
    inputs_hash: str,
    signals: pd.DataFrame,
    sized: Sized,
    gated: Gated,
    routed: pd.DataFrame,
) -> Plan:
    """The whole plan of the run: parents, their children and when each is due."""
    window = horizon_of(desk)
    planned = schedule_run(desk, run.run_key, routed, window)
    await hand_on(desk, run, "scheduled", planned.children)
    log.info(
        "scheduled %d children of %d parents from %s to %s UTC",
        len(planned.children),
        len(planned.parents),
        f"{window.start:%H:%M:%S}",
        f"{window.end:%H:%M:%S}",
    )
    protection = exits(planned, desk.account, run.run_key)
    return plan_of(desk.account, inputs_hash, window, signals, sized, gated, planned, protection)
