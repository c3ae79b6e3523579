"""Pass every order through the risk gate."""

import logging

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.steps import gate_sized
from orderworks.ledger.runs import Run
from orderworks.planning.risk.gate import Gated
from tasks.handing_on import hand_on
from tasks.step import step

log = logging.getLogger("orderworks.tasks.gate_orders")


@step("gate orders")
async def gate_orders(desk: Desk, run: Run, sized: pd.DataFrame) -> Gated:
    """The orders that keep every risk rule, with the quotes that the gate saw; and each decision."""
    gated = await gate_sized(desk, run, sized)
    await hand_on(desk, run, "gated", gated.accepted)
    refused = gated.decisions[~gated.decisions["accepted"]]
    log.info("gate: %d accepted, %d refused", len(gated.accepted), len(refused))
    for decision in refused.itertuples():
        log.info("  refused %s: %s: %s", decision.symbol, decision.code, decision.reason)
    return gated
