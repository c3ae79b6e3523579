"""One order is at most ``max_order_quantity`` shares: the guard against a fat finger.

Reducing orders are not exempt: a quantity in the wrong unit is wrong in both directions.
"""

from orderworks.planning.risk.bounds import above
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Verdict

CODE = "MAX_ORDER_QUANTITY"
REASONS: Reasons = {CODE: "quantity {quantity:,} is more than {limit:,} shares"}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit = context.limits.max_order_quantity
    return Verdict(above(orders.quantity, limit), CODE, {"limit": limit})
