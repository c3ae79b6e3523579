"""The risk gate: every order passes every rule, or is refused by the first that it breaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.columns import IntColumn
from orderworks.planning.risk.context import RiskContext
from orderworks.planning.risk.decisions import Refusal, decisions_on
from orderworks.planning.risk.rules import (
    adv_participation,
    buying_power,
    daily_loss,
    drawdown,
    duplicate_intent,
    gross_exposure,
    kill_switch,
    locked,
    margin,
    max_order_notional,
    max_order_quantity,
    max_position,
    net_exposure,
    orders_per_day,
    pattern_day_trader,
    price_collar,
    quote_sound,
    restricted_list,
    session_closed,
    short_permission,
    turnover_per_day,
)
from orderworks.planning.risk.verdict import Rule

# From the account to the order to sums over orders. A rule that may refuse a reducing order stands
# before those that count reductions as made; net exposure, where one order makes room for another,
# stands last, so that nothing it has counted on is refused after it.
RULES: tuple[Rule, ...] = (
    kill_switch,
    session_closed,
    duplicate_intent,
    locked,
    restricted_list,
    quote_sound,
    price_collar,
    max_order_quantity,
    max_order_notional,
    adv_participation,
    short_permission,
    daily_loss,
    drawdown,
    max_position,
    pattern_day_trader,
    orders_per_day,
    turnover_per_day,
    margin,
    gross_exposure,
    buying_power,
    net_exposure,
)


@dataclass(frozen=True)
class Gated:
    """The gate's answer.

    accepted: the orders that passed, all their columns, in order, numbered anew.
    rows: the place in the table of each of them.
    """

    accepted: pd.DataFrame
    rows: IntColumn
    candidates: Candidates
    refusals: tuple[Refusal, ...]

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """One row per order: strategy, symbol, accepted, code, reason, saw.

        Written when it is first asked for: its sentences cost more than the gate itself.
        """
        return decisions_on(self.candidates, self.refusals)


def gate(orders: pd.DataFrame, context: RiskContext, rules: Sequence[Rule] = RULES) -> Gated:
    """Applies ``rules`` in order; each sees only what the ones before it let through.

    The table's order is the order of priority: where a sum over orders has a limit, what stands
    first is admitted first.

    Raises:
        ValueError: naming a column that is missing, or that holds what it cannot.
    """
    everyone = Candidates.from_frame(orders)
    candidates, rows = everyone, np.arange(len(everyone))
    refusals: list[Refusal] = []
    for rule in rules:
        verdict = rule.check(candidates, context)
        refused = verdict.refused
        if refused.any():
            refusals.append(
                Refusal(rule.REASONS, rows[refused], verdict.codes(), verdict.numbers())
            )
            candidates, rows = candidates.keep(~refused), rows[~refused]
    accepted = orders.iloc[rows].reset_index(drop=True)
    return Gated(accepted, rows, everyone, tuple(refusals))
