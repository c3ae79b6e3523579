"""The report's first lines: what the period cost, whether that is unusual, and what needs a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from orderworks.report import wording
from orderworks.report.figures import Cost, Day, Part, together_bps

FEWEST_DAYS = 5
"""With fewer earlier days nothing is called dear or cheap."""

UNUSUAL = 0.9
"""Dear, or cheap, is what lies beyond this share of the earlier days."""

MOST_NAMED = 5
"""Of sessions that were not measured, as many are named; how many more there are is said."""


def verdict(cost: Cost, left_out: int, earlier: Sequence[Day], period: str) -> str:
    """What the period cost, and how that compares with the days before it, in one or two sentences.

    Args:
        left_out: orders that were sent in it and not measured.
        earlier: the measured days before it.
        period: 'this session' or 'these 5 sessions'.
    """
    if not cost.orders:
        if left_out:
            verb = "has" if left_out == 1 else "have"
            return f"{wording.count(left_out, 'order')} of {period} {verb} not been measured yet."
        return f"No order was sent in {period}: there is nothing to measure."
    if cost.total is None or cost.bps is None:
        return (
            f"What the {wording.count(cost.orders, 'order')} of {period} cost is not known: the market "
            "data that it is measured by is missing."
        )
    did = "cost" if cost.total >= 0 else "gained"
    said = f"Trading {did} {wording.money(abs(cost.total))}, {abs(cost.bps):.1f} bps of what was decided"
    return f"{said}{_compared(cost.bps, earlier)}{_mainly(cost)}."


def attention(
    rejected: int, open_breaks: int, alerts: int, unmeasured: int, left_out: Mapping[date, int]
) -> str:
    """What a person should look at, in one sentence; before it one of what the figures leave out.

    Args:
        unmeasured: orders that were measured, and of which the cost is not known.
        left_out: of each session, orders that were released and not measured.
    """
    things = [
        (rejected, "order was rejected", "orders were rejected"),
        (open_breaks, "break is open", "breaks are open"),
        (alerts, "alert was raised", "alerts were raised"),
        (unmeasured, "order could not be measured whole", "orders could not be measured whole"),
    ]
    told = [wording.count(number, one, many) for number, one, many in things if number]
    said = wording.listed(told) or "Nothing was rejected, no break is open, no alert was raised"
    return f"{_left_out(left_out)}{said}."


def _left_out(left_out: Mapping[date, int]) -> str:
    """The sessions that were not measured, or not whole, and what does that."""
    if not left_out:
        return ""
    orders, sessions = sum(left_out.values()), [str(session) for session in left_out]
    named, later = sessions[:MOST_NAMED], len(sessions) - MOST_NAMED
    if later > 0:
        named.append(f"{later} later {'one' if later == 1 else 'ones'}")
    alone = len(sessions) == 1
    return (
        f"{wording.count(orders, 'order')} of session{'' if alone else 's'} {wording.listed(named)} "
        f"{'was' if orders == 1 else 'were'} released and not measured: 'orderworks run end-of-day "
        f"--session {sessions[0] if alone else 'DATE'}' measures {'it' if orders == 1 else 'them'}"
        f"{'' if alone else ', a session each'}. "
    )


def _compared(bps: float, earlier: Sequence[Day]) -> str:
    known = [day.bps for day in earlier if day.bps is not None]
    usual = together_bps(earlier)
    if usual is None or not known:
        return "; there is no earlier day to compare it with"
    days = f"the last {len(known)} days" if len(known) > 1 else "the day before"
    did = f"{'cost' if usual >= 0 else 'gained'} {abs(usual):.1f} bps"
    if len(known) < FEWEST_DAYS:
        return f"; {days} {did}"
    dearer, cheaper = sum(one < bps for one in known), sum(one > bps for one in known)
    if dearer >= UNUSUAL * len(known):
        return f", dearer than {dearer} of {days}, which {did}"
    if cheaper >= UNUSUAL * len(known):
        return f", cheaper than {cheaper} of {days}, which {did}"
    return f", nothing unusual: {days} {did}"


def _mainly(cost: Cost) -> str:
    """The largest part, where the parts all but sum up in one direction."""
    dear = [part for part in cost.parts if part.money > 0]
    if cost.total is None or cost.total <= 0 or not dear:
        return ""
    largest: Part = max(dear, key=lambda part: part.money)
    if largest.money * 2 < cost.total:
        return ""
    return f". Most of it is {WORDS.get(largest.name, largest.name)}"


WORDS = {
    "delay": "delay, between the decision and the orders' release",
    "execution": "execution, against the mid at release",
    "opportunity": "opportunity, on what was not filled",
    "fees": "fees",
    "not split": "of orders without an arrival price",
}
