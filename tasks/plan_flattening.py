"""Plan the closing of everything that is held."""

import logging

from orderworks.desk.desk import Desk
from orderworks.desk.flattening import flattening_plan
from orderworks.ledger.runs import Plan, Run
from tasks.handing_on import hand_on
from tasks.step import step

log = logging.getLogger("orderworks.tasks.plan_flattening")


@step("plan flattening")
async def plan_flattening(desk: Desk, run: Run) -> Plan:
    """A market order for each position, but for those in doubt."""
    plan, scheduled = await flattening_plan(desk, run)
    await hand_on(desk, run, "scheduled", scheduled.schedule.children)
    log.info("%d orders close what is held", len(scheduled.schedule.parents))
    return plan
