"""The answer in words: which algorithm was cheaper, by how much, and whether that is noise."""

from collections.abc import Iterator, Sequence

import pandas as pd

from orderworks.backtest.algorithms import ROUTED
from orderworks.backtest.comparison import Paired
from orderworks.backtest.replay import Replayed


def answer(summary: pd.DataFrame, compared: Sequence[Paired]) -> str:
    """One sentence for the question that was asked.

    Between more than two algorithms it is of the two that are not as routed and cost least.

    Args:
        summary: as ``by_algorithm``.
        compared: as ``compare_all``.
    """
    ranked = summary.dropna(subset=["shortfall_bps"]).sort_values("shortfall_bps", kind="stable")
    names = ranked["algorithm"].tolist()
    forced = [name for name in names if name != ROUTED]
    best = (forced if len(forced) > 1 else names)[:2]
    for paired in compared:
        if {paired.algorithm, paired.other} == set(best):
            return sentence(paired)
    told = [
        f"{name} cost {bps:.1f} bps on {_count(orders, 'order')}"
        for name, bps, orders in ranked[["algorithm", "shortfall_bps", "orders"]].values.tolist()
    ]
    if not told:
        return "No order could be measured, so nothing is said of what they cost."
    unpaired = (
        "; there is nothing to compare it with"
        if len(told) == 1
        else "; they worked no order differently, so they are not compared"
    )
    return ", ".join(told) + unpaired + "."


def sentence(paired: Paired) -> str:
    """Two algorithms compared, the cheaper one first."""
    one = paired if paired.difference_bps <= 0 else paired.reversed
    cheaper = (
        f"{one.algorithm} cost {-one.difference_bps:.1f} bps less than {one.other}"
        if round(one.difference_bps, 1)
        else f"{one.algorithm} cost as much as {one.other}"
    )
    alike = f", beside {one.alike:,} worked alike," if one.alike else ""
    said = (
        f"{cheaper} on {_count(one.orders, 'order')} of {_count(one.sessions, 'session')}{alike} "
        f"(shortfall {one.bps:z.1f} against {one.other_bps:z.1f} bps)"
    )
    if one.spread_bps is None:
        return f"{said}; one order cannot tell that from noise."
    noise = (
        "within noise, so these orders do not tell which is cheaper"
        if one.within_noise
        else "more than noise"
    )
    return (
        f"{said}; order by order the difference is {one.difference_bps:+z.1f} bps with a spread of "
        f"{one.spread_bps:.1f} (95 % interval {one.low_bps:+z.1f} to {one.high_bps:+z.1f}), which is "
        f"{noise}."
    )


def notes(replayed: Replayed) -> Iterator[str]:
    """What a reader must know of the numbers."""
    orders, asked = replayed.orders, replayed.asked
    for algorithm, own in orders.groupby("algorithm", sort=False) if len(orders) else ():
        fallen_back = int((own["algo"] != own["asked_algo"]).sum())
        if fallen_back:
            yield (
                f"{algorithm}: {_count(fallen_back, 'order')} had no earlier volume to go by and "
                f"{'was' if fallen_back == 1 else 'were'} worked as twap."
            )
        rest = own[own["filled_quantity"] < own["quantity"]]
        if len(rest):
            yield (
                f"{algorithm}: {_count(len(rest), 'order')} of "
                f"{_count(rest['session'].nunique(), 'session')} not filled whole; what was missed "
                "is in the shortfall, at the price when it was given up."
            )
    for algorithm, codes in replayed.refused.items():
        if codes:
            told = ", ".join(f"{number} {code}" for code, number in sorted(codes.items()))
            yield f"{algorithm}: {_count(codes.total(), 'signal')} came to no order: {told}."
    if asked.quarantined:
        yield f"{_count(asked.quarantined, 'signal')} set aside for breaking a rule."
    if asked.left_out:
        yield f"{_count(asked.left_out, 'signal')} of other sessions left out."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
