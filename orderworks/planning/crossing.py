"""When what is left of an order that rests passively crosses the spread."""

from datetime import timedelta

import numpy as np
import pandas as pd

from orderworks.model.order import Remainder
from orderworks.planning.pricing import PriceRule
from orderworks.planning.routing import LATE_CROSS, PRICE_RULE_OF
from orderworks.planning.scheduling import Schedule


def cross_times(schedule: Schedule, before: timedelta) -> "pd.Series[pd.Timestamp]":
    """The time of each of ``schedule.children``, ``before`` its own time ends; NaT where it never does.

    A slice of a passive parent crosses before the next one is due, the last before the horizon ends;
    an order that is not sliced does where its remainder is to be swept. One at the trader's own
    limit never does: it would trade through it.
    """
    parents, children = schedule.parents, schedule.children
    place = children["parent"].to_numpy()
    sliced = children["parent_id"].notna().to_numpy()
    passive = parents["route_rule"].isin(LATE_CROSS).to_numpy()[place]
    given = [rule for rule, price in PRICE_RULE_OF.items() if price is PriceRule.GIVEN]
    swept = (
        (parents["remainder"] == Remainder.SWEEP) & ~parents["route_rule"].isin(given)
    ).to_numpy()[place]
    ends = parents["ends_at"].iloc[place].reset_index(drop=True)
    due = children["due_at"].reset_index(drop=True)
    followed = np.append(place[1:] == place[:-1], False)[: len(place)]
    ends = ends.mask(followed, due.shift(-1))
    cross: pd.Series[pd.Timestamp] = (ends - before).clip(lower=due)
    return cross.where(np.where(sliced, passive, swept))
