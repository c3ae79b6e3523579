"""Freeze the plan of a run."""

import logging

from orderworks.desk.approving import reason_to_ask
from orderworks.desk.desk import Desk
from orderworks.ledger.runs import Plan, Run, find_run, freeze_plan
from tasks.step import step

log = logging.getLogger("orderworks.tasks.commit_plan")


@step("commit plan")
async def commit_plan(desk: Desk, run: Run, plan: Plan) -> Run:
    """Commits the plan as one; from now on every retry of the run has exactly this plan."""
    why = reason_to_ask(desk, run, plan)
    freeze_plan(desk.ledger, run, plan, proposed=why is not None)
    log.info(
        "plan frozen" if why is None else "plan frozen, to be approved: %s", *filter(None, [why])
    )
    return find_run(desk.ledger, run.account, run.run_key) or run
