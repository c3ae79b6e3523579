"""When the equity is more than ``max_drawdown_pct`` below its peak no risk is added.

The limit is in per cent of the peak equity.
Reducing orders pass: they are how a desk gets out.
"""

import numpy as np

from orderworks.planning.risk.bounds import noise_above, pct_of
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "DRAWDOWN"
REASONS: Reasons = {
    CODE: "the equity {equity:,.2f} is {drawdown:,.2f} below its peak {peak_equity:,.2f}, more "
    "than {limit_pct:g} %, and the order could open a position"
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit_pct = context.limits.max_drawdown_pct
    drawdown = context.peak_equity - context.equity
    fell_too_far = drawdown > noise_above(pct_of(limit_pct, context.peak_equity))
    saw: Saw = {
        "equity": context.equity,
        "peak_equity": context.peak_equity,
        "drawdown": drawdown,
        "limit_pct": limit_pct,
    }
    return Verdict(np.where(fell_too_far, ~orders.reducing, False), CODE, saw)
