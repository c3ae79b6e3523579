"""|long - short| is at most ``max_net_exposure_pct`` (per cent of the equity).

Reducing orders pass, and are counted before the others. The others are admitted in the table's
order; a sale passes while the net is long enough, and a purchase while it is short enough, so
longs and shorts that alternate in the table balance each other.
"""

import numpy as np

from orderworks.planning.risk.admission import admit_in_order, reducing_first
from orderworks.planning.risk.bounds import noise_above, pct_of
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "NET_EXPOSURE"
REASONS: Reasons = {
    CODE: "it takes the net exposure from {net:,.2f} to {net_after:,.2f}, further from zero than "
    "{limit:,.2f}, {limit_pct:g} % of the equity"
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit_pct = context.limits.max_net_exposure_pct
    limit = pct_of(limit_pct, context.equity)
    change = np.where(orders.buy, orders.notional, -orders.notional)
    reductions, change = reducing_first(change, orders.reducing)
    bound = noise_above(limit)
    net = admit_in_order(change, context.net_exposure + reductions, upper=bound, lower=-bound)
    saw: Saw = {
        "net": net.before,
        "net_after": net.before + change,
        "limit": limit,
        "limit_pct": limit_pct,
    }
    return Verdict(~net.admitted, CODE, saw)
