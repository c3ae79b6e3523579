"""The gross exposure is at most ``max_gross_exposure_pct`` (per cent of the equity).

Reducing orders pass, and what they free is counted before the others: a fully invested account can
turn over. The others are admitted in the table's order, each with the most that it can add to
|position| x decision price; one that adds nothing passes.
"""

import numpy as np

from orderworks.planning.risk.admission import admit_in_order, reducing_first
from orderworks.planning.risk.bounds import noise_above, pct_of
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "GROSS_EXPOSURE"
REASONS: Reasons = {
    CODE: "it adds {added:,.2f} to a gross exposure of {gross:,.2f}, which would be more than "
    "{limit:,.2f}, {limit_pct:g} % of the equity"
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit_pct = context.limits.max_gross_exposure_pct
    limit = pct_of(limit_pct, context.equity)
    # Only what surely reduces may make room; a reversal may not, as it may stop half way.
    growth = np.where(orders.reducing, orders.growth, np.maximum(orders.growth, 0))
    freed, added = reducing_first(growth * orders.price, orders.reducing)
    gross = admit_in_order(added, context.gross_exposure + freed, upper=noise_above(limit))
    saw: Saw = {"added": added, "gross": gross.before, "limit": limit, "limit_pct": limit_pct}
    return Verdict(~gross.admitted, CODE, saw)
