"""Pull the signals that a run is to trade."""

import logging

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.symbols import require_known
from orderworks.handoffs.table_file import TableFile
from orderworks.ledger.runs import Run
from tasks.handing_on import hand_on
from tasks.step import step

log = logging.getLogger("orderworks.tasks.pull_signals")


@step("pull signals")
async def pull_signals(desk: Desk, run: Run, file: TableFile) -> pd.DataFrame:
    """The valid signals of the file."""
    signals = await hand_on(desk, run, "signals", file.frame, file.raw)
    require_known(desk, signals, "signals")
    set_aside = len(file.frame) - len(signals)
    log.info("pulled %d signals, %d quarantined", len(signals), set_aside)
    return signals
