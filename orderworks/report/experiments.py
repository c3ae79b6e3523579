"""The experiments of a period: what each alternative cost, and in words whether that differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from orderworks.quality.comparing import Difference, compare
from orderworks.quality.confidence import WeightedCost, weighted_cost
from orderworks.quality.metrics import BASIS_POINTS
from orderworks.report import wording
from orderworks.report.figures import Rows

MOST_NEEDED = 100_000
"""Beyond that a number of orders says no more than that it is hopeless."""

SAME_EXPERIMENT = ("experiment", "kind", "control", "treatment", "share", "seed")
"""What an experiment is: with other terms under the old name it is another one."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An experiment and what came of it; costs are arrival slippage, None where it is known of no order."""

    name: str
    control: str
    treatment: str
    share: float
    seed: int
    drawn: int
    costs: tuple[tuple[str, WeightedCost | None], ...]
    difference: Difference

    @property
    def said(self) -> str:
        """The difference in a sentence or two."""
        found = self.difference
        if found.bps is None:
            return (
                f"Nothing can be compared yet: no stratum has a filled order by {self.control} and one by "
                f"{self.treatment}."
            )
        less = "less" if found.bps < 0 else "more"
        said = f"{self.treatment} cost {abs(found.bps):.1f} bps {less} than {self.control}"
        if found.low_bps is None or found.high_bps is None:
            return f"{said}, of too few orders to say how sure that is."
        said += f", 95 % interval {wording.bps(found.low_bps)} to {wording.bps(found.high_bps)} bps"
        if found.is_told:
            return f"{said}: distinguishable from none."
        return f"{said}: not yet distinguishable from none.{_needed(found)}"


def compared_of(rows: Rows) -> list[Compared]:
    """Each experiment of ``report_rows.experiment_orders``, by name."""

    def same(row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(row[name]) for name in SAME_EXPERIMENT)

    return [_compared(list(own)) for _, own in groupby(sorted(rows, key=same), key=same)]


def _compared(rows: Rows) -> Compared:
    first = rows[0]
    known = [row for row in rows if row["slippage_arrival_bps"] is not None and row["notional"]]
    bps = np.array([row["slippage_arrival_bps"] for row in known], dtype=np.float64)
    notionals = np.array([row["notional"] for row in known], dtype=np.float64)
    treated = np.array([row["treated"] for row in known], dtype=np.bool_)
    costs = tuple(
        (
            first[arm],
            weighted_cost(bps[of] * notionals[of] / BASIS_POINTS, notionals[of])
            if of.any()
            else None,
        )
        for arm, of in (("control", ~treated), ("treatment", treated))
    )
    return Compared(
        name=first["experiment"],
        control=first["control"],
        treatment=first["treatment"],
        share=first["share"],
        seed=first["seed"],
        drawn=len(rows),
        costs=costs,
        difference=compare(bps, notionals, treated, [row["stratum"] for row in known]),
    )


def _needed(found: Difference) -> str:
    if found.needed is None:
        return ""
    if found.needed > MOST_NEEDED:
        return f" It would take more than {MOST_NEEDED:,} orders."
    digits = max(len(str(found.needed)) - 2, 0)
    about = round(found.needed, -digits)
    return (
        f" If it is as large as it seems, about {wording.count(about, 'more order')} would tell it, in four "
        "of five such experiments."
    )
