"""A position goes, or goes further, below zero only where the symbol may be sold short.

The position (shares) is the lowest that holdings, open orders and earlier rows of the table can
come to: a sale that rests on a purchase not yet filled is a short sale. Sales of what is held,
and purchases, pass.
"""

import numpy as np

from orderworks.planning.risk.admission import admit_in_order
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.columns import whole
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "SHORT_PERMISSION"
REASONS: Reasons = {
    CODE: "selling {quantity:,} takes the position from {position:,} to {position_after:,} "
    "shares, and {symbol} may not be sold short in this account"
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    may_short = context.short_selling & ~orders.symbol_among(context.not_shortable)
    floor = np.where(may_short, -np.inf, 0.0)
    sales = admit_in_order(-orders.sold, orders.least_held, lower=floor, group=orders.symbol)
    position = whole(sales.before)
    saw: Saw = {"position": position, "position_after": position - orders.sold}
    return Verdict(~sales.admitted, CODE, saw)
