"""After a day's loss of more than ``max_daily_loss_pct`` no risk is added.

The limit is in per cent of the equity at the day's start.
Reducing orders pass: they are how a desk gets out.
"""

import numpy as np

from orderworks.planning.risk.bounds import noise_above, pct_of
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "DAILY_LOSS"
REASONS: Reasons = {
    CODE: "the day's loss of {loss:,.2f} is more than {limit:,.2f}, {limit_pct:g} % of the "
    "equity at its start, and the order could open a position"
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit_pct = context.limits.max_daily_loss_pct
    limit = pct_of(limit_pct, context.equity - context.day_pnl)
    lost_too_much = -context.day_pnl > noise_above(limit)
    saw: Saw = {"loss": -context.day_pnl, "limit": limit, "limit_pct": limit_pct}
    return Verdict(np.where(lost_too_much, ~orders.reducing, False), CODE, saw)
