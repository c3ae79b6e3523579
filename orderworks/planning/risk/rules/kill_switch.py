"""The kill switch is on: nothing is ordered.

No order passes, not even one that reduces a position: flattening is a person's command, which
does not come through this gate.
"""

import numpy as np

from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Verdict

CODE = "KILL_SWITCH"
REASONS: Reasons = {CODE: "the kill switch is on: {kill_reason}"}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    refused = np.full(len(orders), context.kill_switch)
    return Verdict(refused, CODE, {"kill_reason": context.kill_reason})
