"""Below ``day_trade_free_equity`` (money) no more than ``max_day_trades`` in five sessions.

A day trade closes what was opened the same day: a sale from a long position of a symbol that was
bought today, or a purchase against a short one that was sold today (FINRA rule 4210(f)(8)(B)).
What open orders and earlier rows of the table may yet trade counts as traded. Each order that
would close in this way counts one, in the table's order. Reducing orders are not exempt, as it is
they that complete a day trade; protective stops rest at the broker and do not come by here.
"""

import numpy as np

from orderworks.planning.risk.admission import admit_in_order
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.columns import whole
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "PATTERN_DAY_TRADER"
REASONS: Reasons = {
    CODE: "it would be day trade {day_trade:,} in five sessions, more than {limit:,}, with "
    "equity {equity:,.2f} below {free_equity:,.2f}"
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limits = context.limits
    bought = orders.shares_from(context.bought_today) + orders.highest - orders.holdings
    sold = orders.shares_from(context.sold_today) + orders.holdings - orders.lowest
    closes_long = ~orders.buy & (orders.highest > 0) & (bought > 0)
    closes_short = orders.buy & (orders.lowest < 0) & (sold > 0)
    counted = context.equity < limits.day_trade_free_equity
    day_trades = admit_in_order(
        ((closes_long | closes_short) & counted).astype(np.int64),
        context.day_trades_last_5_sessions,
        upper=limits.max_day_trades,
    )
    saw: Saw = {
        "day_trade": whole(day_trades.before) + 1,
        "limit": limits.max_day_trades,
        "equity": context.equity,
        "free_equity": limits.day_trade_free_equity,
    }
    return Verdict(~day_trades.admitted, CODE, saw)
