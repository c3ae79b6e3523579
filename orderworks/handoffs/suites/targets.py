"""Targets: the portfolio that an ad-hoc rebalance moves to, as signed fractions of equity."""

from orderworks.handoffs.rules import between, symbol, unique
from orderworks.handoffs.suite import Suite, optional, required

LARGEST_WEIGHT = 10
"""1 is 100 % of equity: beyond ten, per cent were meant."""

TARGETS = Suite(
    handoff="targets",
    may_be_empty=False,
    columns=(
        *required("text", "symbol"),
        *required("number", "weight"),
        *optional("integer", "row"),
    ),
    rules=(
        symbol("symbol"),
        between("weight", -LARGEST_WEIGHT, LARGEST_WEIGHT),
        unique("symbol", of="target"),
    ),
)
