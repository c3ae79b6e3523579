"""One order is at most ``max_adv_participation_pct`` (per cent) of the average daily volume.

Reducing orders are not exempt: an exit moves the market as much as an entry does. Where the ADV is
not known, or not positive, only reducing orders pass: impact cannot be bounded, and a missing
statistic is no reason to stay in a position.
"""

import numpy as np

from orderworks.planning.risk.bounds import above
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Verdict

TOO_LARGE = "ADV_PARTICIPATION"
UNKNOWN = "ADV_MISSING"
REASONS: Reasons = {
    TOO_LARGE: "quantity {quantity:,} is {adv_pct:,.2f} % of the ADV {adv:,.0f}, "
    "more than {limit_pct:g} %",
    UNKNOWN: "the ADV of {symbol} is not known, so nothing bounds the impact of opening "
    "{quantity:,} shares",
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit = context.limits.max_adv_participation_pct
    known = np.isfinite(orders.adv) & (orders.adv > 0)
    share = 100 * orders.quantity / np.where(known, orders.adv, np.nan)
    refused = np.where(known, above(share, limit), ~orders.reducing)
    code = np.where(known, TOO_LARGE, UNKNOWN)
    return Verdict(refused, code, {"adv_pct": share, "limit_pct": limit})
