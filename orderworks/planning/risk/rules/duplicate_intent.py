"""An intent is planned once: one (strategy, symbol) a table, none that another run has planned.

Within the table the first row stands and the later ones are refused. Reducing orders are not
exempt: an exit that is sent twice opens the opposite position.
"""

import numpy as np
import pandas as pd

from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

CODE = "DUPLICATE_INTENT"
REASONS: Reasons = {
    CODE: "{strategy} already has an order for {symbol}: {times_in_table} before it in this "
    "table, {times_in_other_runs} in other runs of this occasion"
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    intent = orders.strategy * orders.symbols.size + orders.symbol
    earlier = pd.Series(intent).groupby(intent, sort=False).cumcount().to_numpy(np.int64)
    known = np.zeros(len(orders), dtype=np.int64)
    if context.known_intents:
        named = zip(orders.strategies[orders.strategy], orders.symbols[orders.symbol], strict=True)
        known[:] = [pair in context.known_intents for pair in named]
    saw: Saw = {"times_in_table": earlier, "times_in_other_runs": known}
    return Verdict((earlier > 0) | (known > 0), CODE, saw)
