"""The symbol, or the account, is locked: its books differ from the broker's until that is resolved."""

import numpy as np

from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Verdict

CODE = "LOCKED"
REASONS: Reasons = {CODE: "{symbol} is locked by {lock}"}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    reasons = np.array(
        [context.account_lock or context.locked.get(name, "") for name in orders.symbols],
        dtype=object,
    )
    lock = reasons[orders.symbol] if len(orders) else np.zeros(0, dtype=object)
    return Verdict(lock != "", CODE, {"lock": lock})
