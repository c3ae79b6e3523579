"""The account plans at most ``max_orders_per_day`` parent orders a day, in the table's order.

Reducing orders are not exempt: this is the brake on a loop that has run away.
"""

import numpy as np

from orderworks.planning.risk.admission import admit_in_order
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.columns import whole
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "ORDERS_PER_DAY"
REASONS: Reasons = {CODE: "it would be order {order_of_day:,} of the day, more than {limit:,}"}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit = context.limits.max_orders_per_day
    one_each = np.ones(len(orders), dtype=np.int64)
    count = admit_in_order(one_each, context.orders_today, upper=limit)
    saw: Saw = {"order_of_day": whole(count.before) + 1, "limit": limit}
    return Verdict(~count.admitted, CODE, saw)
