"""The symbol, or the account, is locked: its books differ from the broker's until that is resolved."""

import numpy as np

from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Verdict

CODE = "LOCKED"
REASONS: Reasons = {CODE: "{symbol} is locked by {lock}"}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    lock = np.full(len(orders), context.account_lock or "", dtype=object)
    if not context.account_lock:
        for row in np.flatnonzero(orders.symbol_among(context.locked)):
            lock[row] = context.locked[orders.symbols[orders.symbol[row]]]
    return Verdict(lock != "", CODE, {"lock": lock})
