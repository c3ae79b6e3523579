"""The decision price lies at most ``max_price_deviation_pct`` (per cent of the mid) from the mid.

Beyond it the signal was computed on another market than the one it would trade in: a stale file,
a split, a wrong symbol. Reducing orders are not exempt, as their size rests on the same price. A
price that is unknown, or not above zero, is none.
"""

import numpy as np

from orderworks.planning.risk.bounds import above
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

TOO_FAR = "PRICE_COLLAR"
UNKNOWN = "PRICE_MISSING"
REASONS: Reasons = {
    TOO_FAR: "decision price {decision_price:,} is {deviation_pct:,.2f} % from the mid {mid:,}, "
    "more than {limit_pct:g} %",
    UNKNOWN: "the decision price of {symbol} is {decision_price:,}, which is no price",
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit = context.limits.max_price_deviation_pct
    priced = np.isfinite(orders.price) & (orders.price > 0)
    deviation = 100 * np.abs(orders.price - orders.mid) / orders.mid
    saw: Saw = {"mid": orders.mid, "deviation_pct": deviation, "limit_pct": limit}
    code = np.where(priced, TOO_FAR, UNKNOWN)
    return Verdict(above(deviation, limit) | ~priced, code, saw)
