"""Charts whose rows are those of a table: the waterfall of the shortfall, and costs with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

from orderworks.report.figures import Group, Part
from orderworks.report.svg import Element, Scale, along, markup, tag

ROW = 34
BAR = 14
"""Pixels of a row and of the bar in it; rows touch, so that lines go on from one to the next."""

MARGIN = 0.05
"""Of the width, left and right."""

BEYOND = 4
"""An interval is shown to as many times the largest cost; what is wider goes to the edge."""


def waterfall(parts: Sequence[Part], total: Decimal) -> list[Markup]:
    """A picture for each part's row, each beginning where the one before ended, and one for the total."""
    steps: list[tuple[Decimal, Decimal]] = []
    reached = Decimal(0)
    for part in parts:
        steps.append((reached, reached + part.money))
        reached += part.money
    steps.append((Decimal(0), total))
    ends = [float(end) for step in steps for end in step]
    across = Scale(min(ends), max(ends), MARGIN, 1 - MARGIN)
    pictures = []
    for place, (start, end) in enumerate(steps):
        left, right = sorted((across(float(start)), across(float(end))))
        top = 0 if place else (ROW - BAR) / 2
        bottom = ROW if place < len(steps) - 1 else (ROW + BAR) / 2
        zero, ended = along(across(0)), along(across(float(end)))
        marks = [
            tag("line", x1=zero, x2=zero, y1=0, y2=ROW, class_="zero"),
            tag("line", x1=ended, x2=ended, y1=ROW / 2, y2=bottom, class_="step"),
            tag(
                "rect",
                x=along(left),
                width=along(max(right - left, 0.002)),
                y=(ROW - BAR) / 2,
                height=BAR,
                class_="cost" if end >= start else "gain",
            ),
        ]
        if place:
            began = along(across(float(start)))
            marks.insert(1, tag("line", x1=began, x2=began, y1=top, y2=ROW / 2, class_="step"))
        pictures.append(_row(*marks))
    return pictures


def intervals(groups: Sequence[Group]) -> list[Markup]:
    """For each group's row its cost as a point and its 95 % interval as a line, on one scale."""
    costs = [group.cost.bps for group in groups]
    most = BEYOND * max((abs(cost) for cost in costs), default=1.0) or 1.0
    lows = [max(group.cost.low_bps or 0.0, -most) for group in groups]
    highs = [min(group.cost.high_bps or 0.0, most) for group in groups]
    across = Scale(min(0.0, *costs, *lows), max(0.0, *costs, *highs), MARGIN, 1 - MARGIN)
    pictures = []
    for group in groups:
        zero = along(across(0))
        marks = [tag("line", x1=zero, x2=zero, y1=0, y2=ROW, class_="zero")]
        low, high = group.cost.low_bps, group.cost.high_bps
        if low is not None and high is not None:
            left, right = (min(max(across(bound), 0.0), 1.0) for bound in (low, high))
            marks.append(
                tag(
                    "line",
                    x1=along(left),
                    x2=along(right),
                    y1=ROW / 2,
                    y2=ROW / 2,
                    class_="whisker",
                )
            )
        cost = group.cost.bps
        colour = "cost" if cost > 0 else "gain"
        marks.append(tag("circle", cx=along(across(cost)), cy=ROW / 2, r=4.5, class_=colour))
        pictures.append(_row(*marks))
    return pictures


def _row(*marks: Element) -> Markup:
    # The numbers stand in the same row: who does not see the picture misses nothing.
    return markup(
        tag("svg", *marks, width="100%", height=ROW, aria_hidden="true", class_="row-chart")
    )
