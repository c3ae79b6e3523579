"""Size every signal."""

import logging

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.steps import size_signals
from orderworks.desk.valuation import value_account
from orderworks.ledger.runs import Run
from orderworks.planning.bets import Sized
from tasks.handing_on import hand_on
from tasks.step import step

log = logging.getLogger("orderworks.tasks.size_orders")


@step("size orders")
async def size_orders(desk: Desk, run: Run, signals: pd.DataFrame) -> Sized:
    """Quantities to trade, net of what is held and open; and the signals that need no order."""
    valuation = value_account(desk)
    sized = size_signals(desk, signals, valuation)
    orders = await hand_on(desk, run, "sized", sized.orders)
    log.info(
        "sized %d orders on an equity of %s; %d signals need none",
        len(orders),
        f"{valuation.equity:,.2f}",
        len(sized.refused),
    )
    return Sized(orders, sized.refused)
