"""The market is not in session: nothing is ordered, and no order is exempt."""

import numpy as np

from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Verdict

CODE = "SESSION_CLOSED"
REASONS: Reasons = {CODE: "the market is not in session: {session_reason}"}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    refused = np.full(len(orders), not context.session_open)
    return Verdict(refused, CODE, {"session_reason": context.session_reason})
