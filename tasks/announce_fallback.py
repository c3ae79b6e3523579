"""Say loudly that a run does not trade where it was meant to."""

import logging

from prefect.artifacts import acreate_markdown_artifact

from orderworks.desk.desk import Desk
from orderworks.desk.fallback import Fallback
from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.runs import Run
from tasks.step import step
from tasks.tell_alerts import tell_alerts

log = logging.getLogger("orderworks.tasks.announce_fallback")


@step("announce fallback")
async def announce_fallback(desk: Desk, run: Run, fallback: Fallback) -> None:
    """In the log, as an alert of the stub's account, and on the run."""
    log.warning("run '%s' goes %s", run.run_key, fallback.sentence)
    alert = Alert(
        kind="fallback",
        cause=f"fallback:{run.run_key}",
        message=f"run '{run.run_key}' went {fallback.sentence}",
        at=desk.clock.now(),
        payload={"run_key": run.run_key, "instead_of": fallback.instead_of},
    )
    raise_alerts(desk.ledger, desk.account, [alert])
    await tell_alerts(desk)
    await acreate_markdown_artifact(
        f"# Not traded at Interactive Brokers\n\nRun `{run.run_key}` went {fallback.sentence}.\n\n"
        "What it filled is made up. The account at Interactive Brokers was not touched.",
        key=f"fallback-{desk.account.lower()}-{desk.session.date}",
        description=f"Run {run.run_key} fell back to the paper stub",
    )
