"""Pull the target weights that a rebalance moves to."""

import logging

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.symbols import require_known
from orderworks.desk.targets import signals_of_targets
from orderworks.handoffs.table_file import TableFile
from orderworks.ledger.runs import Run
from tasks.handing_on import hand_on
from tasks.step import step

log = logging.getLogger("orderworks.tasks.pull_targets")


@step("pull targets")
async def pull_targets(desk: Desk, run: Run, file: TableFile) -> pd.DataFrame:
    """The targets as signals that state positions by weight, priced at the current mid."""
    targets = await hand_on(desk, run, "targets", file.frame, file.raw)
    require_known(desk, targets, "targets")
    log.info("pulled %d targets", len(targets))
    return signals_of_targets(desk, targets)
