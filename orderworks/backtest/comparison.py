"""What each algorithm cost, and by how much two differ on the same orders: pure kernels."""

from dataclasses import dataclass, replace
from itertools import combinations
from math import sqrt

import numpy as np
import pandas as pd

from orderworks.quality.confidence import student_t
from orderworks.quality.daily import summarise

SAME_ORDER = ["session", "run_key", "strategy", "symbol", "side"]
"""What an order of one account and one of another have in common if one signal made both."""


@dataclass(frozen=True, slots=True)
class Paired:
    """Two algorithms on the orders that each worked its own way and whose shortfall is known.

    Attributes:
        alike: orders left out, which both worked alike: at the signal's own price, or for want of
            earlier volume.
        bps, other_bps: shortfall of all their orders over the value at decision.
        difference_bps: the mean difference an order, weighted by its value at decision; negative
            where ``algorithm`` cost less.
        spread_bps: the weighted standard deviation of the differences; None with one order.
        low_bps, high_bps: the 95 % interval of the mean, by Student's t. It takes orders for
            independent; those of one session share a market, so it is rather too narrow.
    """

    algorithm: str
    other: str
    orders: int
    alike: int
    sessions: int
    bps: float
    other_bps: float
    difference_bps: float
    spread_bps: float | None
    low_bps: float | None
    high_bps: float | None

    @property
    def within_noise(self) -> bool:
        """Whether the difference may as well be none."""
        return self.low_bps is None or self.high_bps is None or self.low_bps <= 0 <= self.high_bps

    @property
    def reversed(self) -> "Paired":
        """The same comparison, the other algorithm first."""
        return replace(
            self,
            algorithm=self.other,
            other=self.algorithm,
            bps=self.other_bps,
            other_bps=self.bps,
            difference_bps=-self.difference_bps,
            low_bps=None if self.high_bps is None else -self.high_bps,
            high_bps=None if self.low_bps is None else -self.low_bps,
        )


def by_algorithm(orders: pd.DataFrame) -> pd.DataFrame:
    """One row an algorithm, in the order of first appearance: ``summarise`` with key ``all``."""
    return _by(orders, "day")


def by_route(orders: pd.DataFrame) -> pd.DataFrame:
    """One row for each algorithm and route: ``summarise`` with the route as key."""
    return _by(orders, "route")


def compare_all(orders: pd.DataFrame) -> list[Paired]:
    """Every two algorithms that can be compared, in the order of appearance."""
    algorithms = orders["algorithm"].drop_duplicates().tolist()
    compared = (compare(orders, one, other) for one, other in combinations(algorithms, 2))
    return [paired for paired in compared if paired is not None]


def compare(orders: pd.DataFrame, algorithm: str, other: str) -> Paired | None:
    """Two algorithms on the same orders; None where they worked none differently."""
    both = differing(orders, algorithm, other)
    count = len(both)
    if not count:
        return None
    value, other_value = (both[f"value_{side}"].to_numpy(float) for side in ("one", "other"))
    weight = (value + other_value) / 2
    difference = both["difference_bps"].to_numpy(float)
    mean = float(np.average(difference, weights=weight))
    spread = low = high = None
    if count > 1:
        squares = float(weight @ (difference - mean) ** 2)
        spread = sqrt(squares / weight.sum() * count / (count - 1))
        # The standard error of a ratio: Cochran, Sampling Techniques, 2.9, without correction.
        error = sqrt(
            float(((weight * (difference - mean)) ** 2).sum()) * count / (count - 1)
        ) / float(weight.sum())
        t = student_t(count - 1)
        low, high = mean - t * error, mean + t * error
    return Paired(
        algorithm,
        other,
        count,
        len(_matched(orders, algorithm, other)) - count,
        int(both["session"].nunique()),
        float(np.average(both["shortfall_bps_one"], weights=value)),
        float(np.average(both["shortfall_bps_other"], weights=other_value)),
        mean,
        spread,
        low,
        high,
    )


def differing(orders: pd.DataFrame, algorithm: str, other: str) -> pd.DataFrame:
    """The orders that each worked its own way and whose shortfall is known, side by side.

    Returns:
        SAME_ORDER, then algo, style, shortfall_bps and value (at decision) of each, with ``_one``
        and ``_other``, and their ``difference_bps``.
    """
    both = _matched(orders, algorithm, other)
    alike = (both["algo_one"] == both["algo_other"]) & (both["style_one"] == both["style_other"])
    both = both[~alike].reset_index(drop=True)
    return both.assign(difference_bps=both["shortfall_bps_one"] - both["shortfall_bps_other"])


def _matched(orders: pd.DataFrame, algorithm: str, other: str) -> pd.DataFrame:
    measured = orders[orders["shortfall_bps"].notna()]
    value = measured["quantity"] * measured["decision_price"]
    measured = measured.assign(value=value.to_numpy(float))[
        [*SAME_ORDER, "algorithm", "algo", "style", "shortfall_bps", "value"]
    ]
    one, two = (
        measured[measured["algorithm"] == name].drop(columns="algorithm")
        for name in (algorithm, other)
    )
    return one.merge(two, on=SAME_ORDER, suffixes=("_one", "_other"), validate="one_to_one")


def _by(orders: pd.DataFrame, dimension: str) -> pd.DataFrame:
    tables = [
        summarise(of_algorithm, dimension).assign(algorithm=name)
        for name, of_algorithm in orders.groupby("algorithm", sort=False)
    ]
    return pd.concat(tables, ignore_index=True)
