"""The day's notional is at most ``max_turnover_per_day_pct`` (per cent of the equity).

Reducing orders pass, and are counted before the others: a desk must be able to get out, and it can
get out only of what was once let in. The others are admitted in the table's order.
"""

from orderworks.planning.risk.admission import admit_in_order, reducing_first
from orderworks.planning.risk.bounds import noise_above, pct_of
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "TURNOVER_PER_DAY"
REASONS: Reasons = {
    CODE: "notional {notional:,.2f} takes the day's turnover from {turnover:,.2f} to "
    "{turnover_after:,.2f}, more than {limit:,.2f}, {limit_pct:g} % of the equity"
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit_pct = context.limits.max_turnover_per_day_pct
    limit = pct_of(limit_pct, context.equity)
    reductions, notional = reducing_first(orders.notional, orders.reducing)
    turnover = admit_in_order(
        notional, context.turnover_today + reductions, upper=noise_above(limit)
    )
    saw: Saw = {
        "turnover": turnover.before,
        "turnover_after": turnover.before + notional,
        "limit": limit,
        "limit_pct": limit_pct,
    }
    return Verdict(~turnover.admitted, CODE, saw)
