"""Gated: the sized orders that the risk gate let pass, with the quote that it saw."""

from orderworks.handoffs.rules import above_zero, sound_quote
from orderworks.handoffs.suite import Suite, nullable, required
from orderworks.handoffs.suites.sized import SIZED

GATED = Suite(
    handoff="gated",
    columns=(*SIZED.columns, *required("number", "bid", "ask"), *nullable("number", "adv")),
    rules=(*SIZED.rules, *sound_quote(), above_zero("adv")),
)
