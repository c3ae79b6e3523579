"""The experiments of a period: what each alternative cost, and in words whether that differs.

The cost is the implementation shortfall, over what was decided: it holds what was missed with shares that
were not filled. Slippage of fills would call a way cheap that fills only where the market comes to it.
"""

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
from orderworks.report.figures import Floats, Rows

MOST_NEEDED = 100_000
"""Beyond that a number of orders says no more than that it is hopeless."""

SAME_EXPERIMENT = ("experiment", "kind", "control", "treatment", "share", "seed")
"""What an experiment is: with other terms under the old name it is another one."""

UNCOUNTED = ("Not released, so of no cost", "Released and not measured", "Of unknown shortfall")
"""Why an order that was drawn has no part in the comparison."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What came of the orders that were drawn to one alternative.

    Attributes:
        uncounted: orders, for each of UNCOUNTED.
        filled_share: of the decided value of those that were measured; None where none was.
        cost: the shortfall over the decided value; None where it is known of no order.
    """

    name: str
    uncounted: tuple[int, ...]
    filled_share: float | None
    cost: WeightedCost | None


@dataclass(frozen=True, slots=True)
class Compared:
    """An experiment and what came of it; ``arms`` are the control and the treatment."""

    name: str
    control: str
    treatment: str
    share: float
    seed: int
    drawn: int
    arms: tuple[Arm, Arm]
    difference: Difference

    @property
    def said(self) -> str:
        """The difference in a sentence or two."""
        found = self.difference
        if found.bps is None:
            return (
                f"Nothing can be compared yet: no stratum has an order of known shortfall by {self.control} "
                f"and one by {self.treatment}."
            )
        lower = "lower" if found.bps < 0 else "higher"
        said = (
            f"With what was not filled, the shortfall by {self.treatment} was {abs(found.bps):.1f} bps "
            f"{lower} than by {self.control}"
        )
        if found.low_bps is None or found.high_bps is None:
            return f"{said}, of too few orders to say how sure that is."
        said += f", 95 % interval {wording.bps(found.low_bps)} to {wording.bps(found.high_bps)} bps"
        if found.is_told:
            return f"{said}: distinguishable from none."
        return f"{said}: not yet distinguishable from none.{_needed(found)}"

    @property
    def left_out(self) -> str:
        """How many orders of each alternative are not compared, and why; empty where there are none."""
        one, other = self.arms
        return " ".join(
            f"{why}: {ours:,} by {one.name} and {theirs:,} by {other.name}."
            for why, ours, theirs in zip(UNCOUNTED, one.uncounted, other.uncounted, strict=True)
            if ours or theirs
        )


def compared_of(rows: Rows) -> list[Compared]:
    """Each experiment of ``report_rows.experiment_orders``, by name."""

    def same(row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(row[name]) for name in SAME_EXPERIMENT)

    return [_compared(list(own)) for _, own in groupby(sorted(rows, key=same), key=same)]


def _compared(rows: Rows) -> Compared:
    first = rows[0]
    known = _known(rows)
    bps, paper = _floats(known, "shortfall_bps"), _floats(known, "paper")
    return Compared(
        name=first["experiment"],
        control=first["control"],
        treatment=first["treatment"],
        share=first["share"],
        seed=first["seed"],
        drawn=len(rows),
        arms=(
            _arm(first["control"], [row for row in rows if not row["treated"]]),
            _arm(first["treatment"], [row for row in rows if row["treated"]]),
        ),
        difference=compare(
            bps,
            paper,
            np.array([row["treated"] for row in known], dtype=np.bool_),
            [row["stratum"] for row in known],
        ),
    )


def _arm(name: str, rows: Rows) -> Arm:
    measured = [row for row in rows if row["paper"] is not None]
    known = _known(rows)
    released = sum(row["released"] for row in rows)
    decided, paper = _floats(measured, "paper").sum(), _floats(known, "paper")
    return Arm(
        name,
        (len(rows) - released, released - len(measured), len(measured) - len(known)),
        float(_floats(measured, "filled").sum() / decided) if measured else None,
        weighted_cost(_floats(known, "shortfall_bps") * paper / BASIS_POINTS, paper)
        if known
        else None,
    )


def _known(rows: Rows) -> Rows:
    return [row for row in rows if row["shortfall_bps"] is not None]


def _floats(rows: Rows, name: str) -> Floats:
    return np.array([row[name] for row in rows], dtype=np.float64)


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
