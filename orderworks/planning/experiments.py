"""Experiments: which of two routes, or of two algorithms, an order gets is drawn, so that costs compare.

Only orders that the router decides on by itself are drawn: what a signal states is left alone. Each is
in one experiment at most, the first that fits. Orders are drawn within strata of size and spread, so
that both alternatives get like orders, and in every stratum of a run as many as the share says, give or
take one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from math import floor
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.model.order import Algo
from orderworks.planning.routing import RoutingPolicy, route
from orderworks.planning.size_buckets import UNKNOWN, size_buckets

SPREADS = ((5.0, 20.0), ("<5 bps", "5-20 bps", ">20 bps"))
"""Strata of the quoted spread: the bounds in basis points, and the names between them; a bound is of the
larger."""

NONE = -1
"""The number of no experiment: the place after the last one."""

LARGE_RULES = frozenset({"LARGE", "LARGE_PASSIVE", "LARGE_NATIVE"})
"""The rules by which the router itself gives an order an algorithm."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """Two alternatives that are compared.

    Attributes:
        kind: ``route``: two of the router's rules, tried on orders that either of them decides.
            ``algo``: two algorithms, tried on orders that are large.
        control, treatment: the alternatives: rules, or values of ``Algo``.
        share: of the orders that get the treatment; inside (0, 1).
        seed: another seed draws anew.
        starts, ends: the first and the last session, None where there is no bound.
        strategies, symbols: whose orders; without any, all.
    """

    name: str
    kind: Literal["route", "algo"]
    control: str
    treatment: str
    share: float
    seed: int
    starts: date | None = None
    ends: date | None = None
    strategies: frozenset[str] = frozenset()
    symbols: frozenset[str] = frozenset()

    def runs_on(self, session: date) -> bool:
        """Whether it draws orders in a session."""
        return (self.starts is None or self.starts <= session) and (
            self.ends is None or session <= self.ends
        )


@dataclass(frozen=True, slots=True)
class Drawing:
    """What makes a draw another one: whose run it is."""

    account: str
    run_key: str
    session: date


def experiment(
    orders: pd.DataFrame,
    routed: pd.DataFrame,
    policy: RoutingPolicy,
    experiments: Sequence[Experiment],
    drawing: Drawing,
) -> pd.DataFrame:
    """The routed orders, those that an experiment takes routed as they were drawn.

    Args:
        orders: as ``route`` took them.
        routed: as ``route`` returned them.

    Returns:
        ``routed`` with ``experiment`` and ``stratum`` (missing where an order is in none) and ``treated``.
    """
    strata = np.full(len(routed), None, dtype=object)
    taken_by = np.full(len(routed), NONE)
    treated = np.zeros(len(routed), dtype=np.bool_)
    places, parts = [], []
    for number, one in enumerate(experiments):
        fits = np.flatnonzero(_fits(one, routed, drawing.session) & (taken_by == NONE))
        taken_by[fits] = number
        of = routed.iloc[fits]
        intents = list(zip(of["strategy"], of["symbol"], of["side"], strict=True))
        strata[fits] = strata_of(of)
        treated[fits] = draw(one, intents, strata[fits].tolist(), drawing)
        for chosen, drawn in (
            (one.control, fits[~treated[fits]]),
            (one.treatment, fits[treated[fits]]),
        ):
            if len(drawn):
                places.append(drawn)
                parts.append(_routed_by(one, chosen, orders.iloc[drawn], policy))
    if parts:
        rest = np.flatnonzero(taken_by == NONE)
        every = np.concatenate([rest, *places])
        routed = pd.concat([routed.iloc[rest], *parts]).iloc[np.argsort(every)]
    names = pd.Series([*(one.name for one in experiments), None], dtype="str")
    return routed.assign(
        experiment=names.to_numpy()[taken_by],
        stratum=pd.Series(strata, dtype="str").to_numpy(),
        treated=treated,
    )


def draw(
    experiment: Experiment,
    intents: Sequence[tuple[str, str, str]],
    strata: Sequence[str],
    drawing: Drawing,
) -> NDArray[np.bool_]:
    """Which orders get the treatment: systematic sampling from a random start, within each stratum.

    Each order gets it with the probability ``share``, and of n in a stratum floor(n * share) or one
    more do. It follows from seed, account, run key and intents alone, in whatever order these are.

    Args:
        intents: strategy, symbol and side, no two alike.
        strata: one for each.
    """
    treated = np.zeros(len(intents), dtype=bool)
    ranks = [_number(experiment, drawing, *intent) for intent in intents]
    for stratum in sorted(set(strata)):
        members = [place for place, own in enumerate(strata) if own == stratum]
        start = _number(experiment, drawing, "stratum", stratum)
        for position, place in enumerate(sorted(members, key=ranks.__getitem__)):
            reached = floor((position + 1) * experiment.share + start)
            treated[place] = reached > floor(position * experiment.share + start)
    return treated


def strata_of(routed: pd.DataFrame) -> list[str]:
    """Size of ADV and spread of each order, as '0.1-1% of ADV, 5-20 bps wide'."""
    sizes = size_buckets(routed["size_pct_adv"].to_numpy(np.float64)).tolist()
    spreads = _between(routed["spread_bps"].to_numpy(np.float64), *SPREADS)
    return [f"{size} of ADV, {spread} wide" for size, spread in zip(sizes, spreads, strict=True)]


def _between(
    values: NDArray[np.float64], bounds: tuple[float, ...], names: tuple[str, ...]
) -> list[str]:
    places = np.searchsorted(bounds, values, side="right")
    return [
        UNKNOWN if unknown else names[place]
        for place, unknown in zip(places.tolist(), np.isnan(values).tolist(), strict=True)
    ]


def _fits(one: Experiment, routed: pd.DataFrame, session: date) -> NDArray[np.bool_]:
    """Which orders are of the kind, strategy and symbol that an experiment is about."""
    if not one.runs_on(session):
        return np.zeros(len(routed), dtype=bool)
    rules = LARGE_RULES if one.kind == "algo" else {one.control, one.treatment}
    fits = routed["route_rule"].isin(rules)
    for column, wanted in (("strategy", one.strategies), ("symbol", one.symbols)):
        if wanted:
            fits &= routed[column].isin(wanted)
    return fits.to_numpy(np.bool_)


def _routed_by(
    one: Experiment, chosen: str, orders: pd.DataFrame, policy: RoutingPolicy
) -> pd.DataFrame:
    if one.kind == "algo":
        return route(orders, replace(policy, large_algo=Algo(chosen)))
    return route(orders, policy, rule=chosen)


def _number(experiment: Experiment, drawing: Drawing, *of: Any) -> float:
    """A number of [0, 1) that nothing but its arguments decides."""
    named = (experiment.seed, experiment.name, drawing.account, drawing.run_key, *of)
    digest = sha256("\x1f".join(map(str, named)).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
