"""A position may come to at most ``max_position_pct`` (per cent of the equity).

The position (shares, valued at the decision price) is the largest that the order can lead to: with
holdings, what open orders have to fill in its direction, and earlier rows of the table. Orders that
bring it closer to zero pass, however large it is. An unknown price is refused.
"""

import numpy as np

from orderworks.planning.risk.admission import admit_in_order
from orderworks.planning.risk.bounds import noise_above, pct_of
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.columns import whole
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "MAX_POSITION"
REASONS: Reasons = {
    CODE: "a position of {position_after:,} shares is worth {position_value:,.2f}, more than "
    "{limit:,.2f}, {limit_pct:g} % of the equity"
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit_pct = context.limits.max_position_pct
    limit = pct_of(limit_pct, context.equity)
    cap = noise_above(limit) / orders.price
    buys = admit_in_order(orders.bought, orders.most_held, upper=cap, group=orders.symbol)
    sells = admit_in_order(-orders.sold, orders.least_held, lower=-cap, group=orders.symbol)
    after = whole(np.where(orders.buy, buys.before, sells.before)) + orders.signed
    saw: Saw = {
        "position_after": after,
        "position_value": np.abs(after) * orders.price,
        "limit": limit,
        "limit_pct": limit_pct,
    }
    return Verdict(~(buys.admitted & sells.admitted), CODE, saw)
