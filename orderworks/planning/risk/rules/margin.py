"""By the broker's own count, orders fit into the account's available funds (money), in the table's order.

It counts the orders that the broker was asked about: each takes its initial margin and what it costs. One
that frees funds passes and frees nothing, as it may not fill. What the broker would not take is refused;
so is what it did not tell of, where the desk has it so. An order that was not asked about passes: buying
power limits it.
"""

import numpy as np

from orderworks.planning.risk.admission import admit_in_order
from orderworks.planning.risk.bounds import noise_above
from orderworks.planning.risk.candidates import Candidates, MarginAnswer
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE, REFUSED, UNKNOWN = "MARGIN", "MARGIN_REFUSED", "MARGIN_UNKNOWN"
REASONS: Reasons = {
    CODE: "the broker asks {margin_needed:,.2f} of available funds for it, and {funds_left:,.2f} of "
    "{available_funds:,.2f} is left",
    REFUSED: "the broker would not take it: {broker_says}",
    UNKNOWN: "the broker was asked what margin it needs and did not tell: {broker_says} "
    "(risk.unknown_margin)",
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    answer, limit = orders.margin_answer, context.available_funds
    needed = np.where(answer == MarginAnswer.TOLD, np.maximum(orders.margin_needed, 0.0), 0.0)
    used = admit_in_order(needed, 0.0, upper=noise_above(limit))
    unknown = (answer == MarginAnswer.UNKNOWN) & context.refuses_unknown_margin
    refused = answer == MarginAnswer.REFUSED
    code = np.select([refused, unknown], [REFUSED, UNKNOWN], CODE)
    saw: Saw = {
        "margin_needed": orders.margin_needed,
        "funds_left": limit - used.before,
        "available_funds": limit,
        "broker_says": orders.margin_words,
    }
    return Verdict(~used.admitted | refused | unknown, code, saw)
