"""One order is worth at most ``max_order_notional`` (money, quantity x decision price).

Reducing orders are not exempt, as in ``max_order_quantity``. An unknown price is refused.
"""

from orderworks.planning.risk.bounds import above
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Verdict

CODE = "MAX_ORDER_NOTIONAL"
REASONS: Reasons = {CODE: "notional {notional:,.2f} is more than {limit:,.2f}"}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit = context.limits.max_order_notional
    return Verdict(above(orders.notional, limit), CODE, {"limit": limit})
