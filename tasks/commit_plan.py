"""Freeze the plan of a run."""

import logging

from orderworks.desk.desk import Desk
from orderworks.ledger.runs import Plan, Run, find_run, freeze_plan
from tasks.step import step

log = logging.getLogger("orderworks.tasks.commit_plan")


@step("commit plan")
async def commit_plan(desk: Desk, run: Run, plan: Plan) -> Run:
    """Commits the plan as one; from now on every retry of the run has exactly this plan."""
    freeze_plan(desk.ledger, run, plan)
    log.info("plan frozen")
    return find_run(desk.ledger, run.account, run.run_key) or run
