"""Route every order."""

import logging

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.steps import draw_experiments, route_gated
from orderworks.ledger.runs import Run
from tasks.handing_on import hand_on
from tasks.step import step

log = logging.getLogger("orderworks.tasks.route_orders")


@step("route orders")
async def route_orders(desk: Desk, run: Run, gated: pd.DataFrame) -> pd.DataFrame:
    """Each order with its route, type, algorithm and price, and what the router saw."""
    routed = draw_experiments(desk, run.run_key, gated, route_gated(desk, gated))
    await hand_on(desk, run, "routed", routed)
    counts = routed["route_rule"].value_counts()
    log.info("routed: %s", ", ".join(f"{n} {rule}" for rule, n in counts.items()) or "nothing")
    for name, drawn in routed.groupby("experiment"):
        treated = int(drawn["treated"].sum())
        log.info("experiment %s: %d orders drawn, %d treated", name, len(drawn), treated)
    return routed
