"""Orders that open positions fit into the account's buying power (money), in the table's order.

An order needs the decision price of the shares by which it can open or enlarge a position, long
or short. Reducing orders need nothing and pass; they free nothing either, because the broker
grants the money only when they have filled.
"""

from orderworks.planning.risk.admission import admit_in_order
from orderworks.planning.risk.bounds import noise_above
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "BUYING_POWER"
REASONS: Reasons = {
    CODE: "it needs {needed:,.2f} of buying power, and {left:,.2f} of {limit:,.2f} is left"
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    limit = context.buying_power
    needed = orders.opening * orders.price
    used = admit_in_order(needed, 0.0, upper=noise_above(limit))
    saw: Saw = {"needed": needed, "left": limit - used.before, "limit": limit}
    return Verdict(~used.admitted, CODE, saw)
