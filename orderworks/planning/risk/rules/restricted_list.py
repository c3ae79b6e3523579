"""A symbol on the restricted list is not traded, in either direction.

Reducing orders are not exempt: the list exists because any trade in the symbol needs a person.
"""

from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Verdict

CODE = "RESTRICTED_LIST"
REASONS: Reasons = {CODE: "{symbol} is on the restricted list"}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    return Verdict(orders.symbol_among(context.restricted), CODE, {})
