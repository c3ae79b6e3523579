"""Check what was sent and what was filled, once nothing is due any more."""

from orderworks.desk.desk import Desk
from orderworks.ledger.executions import fills_table, submitted_table
from orderworks.ledger.runs import Run
from tasks.handing_on import hand_on
from tasks.step import step


@step("check executions")
async def check_executions(desk: Desk, run: Run) -> None:
    """Applies the suites of submitted orders and of fills.

    Raises:
        HandoffRefused: naming what cannot be.
    """
    await hand_on(desk, run, "submitted", submitted_table(desk.ledger, run.run_id))
    await hand_on(desk, run, "fills", fills_table(desk.ledger, run.run_id))
