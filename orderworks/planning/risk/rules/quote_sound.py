"""Without a sound quote nothing is priced, and no order is exempt: a price is never guessed.

What the market part reported in ``quote_problem`` stands. Where it reported nothing the prices
themselves are looked at, so that a gap upstream cannot pass as a sound quote. A locked quote
(bid = ask) is sound.
"""

import numpy as np

from orderworks.model.quote import QuoteProblem
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.verdict import Reasons, Saw, Verdict

REASONS: Reasons = {
    QuoteProblem.MISSING.value: "there is no quote for {symbol}",
    QuoteProblem.ONE_SIDED.value: "the quote has one side only: "
    "bid {bid:,} x {bid_size:,}, ask {ask:,} x {ask_size:,}",
    QuoteProblem.CROSSED.value: "the quote is crossed: bid {bid:,} above ask {ask:,}",
    QuoteProblem.STALE.value: "the quote of {quote_ts} is too old: bid {bid:,}, ask {ask:,}",
}


def check(orders: Candidates, context: RiskContext) -> Verdict:
    no_bid, no_ask = ~(orders.bid > 0), ~(orders.ask > 0)
    reported = [orders.problem == problem for problem in QuoteProblem]
    seen = [no_bid & no_ask, no_bid | no_ask, orders.bid > orders.ask]
    reported_codes = [problem.value for problem in QuoteProblem]
    seen_codes = [
        QuoteProblem.MISSING.value,
        QuoteProblem.ONE_SIDED.value,
        QuoteProblem.CROSSED.value,
    ]
    code = np.select([*reported, *seen], [*reported_codes, *seen_codes], default="")
    saw: Saw = {
        "bid_size": orders.bid_size,
        "ask_size": orders.ask_size,
        "quote_ts": orders.quote_ts,
    }
    return Verdict(code != "", code, saw)
