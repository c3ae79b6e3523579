"""The report as one self-contained HTML page: it asks for nothing, and whatever is in it is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from orderworks.model.listing import Listing
from orderworks.report import wording
from orderworks.report.content import Content, Worked
from orderworks.report.day_charts import history_chart, schedule_chart
from orderworks.report.experiments import compared_of
from orderworks.report.figures import (
    Cost,
    Group,
    cost_of,
    groups_of,
    latencies_of,
    together_bps,
)
from orderworks.report.order_chart import order_chart
from orderworks.report.row_charts import intervals, waterfall
from orderworks.report.verdict import attention, verdict

NOT_WORKED = {"none": "sent whole"}
"""How an algorithm is called that is none."""


def render(content: Content, at: datetime) -> str:
    """The page.

    Args:
        at: when it was made, UTC.
    """
    cost = cost_of(content.orders)
    return _template().render(
        words=wording,
        style=Markup(_style()),  # noqa: S704 - a file of our own
        content=content,
        at=at,
        period=period_of(content),
        verdict=verdict_of(content, cost),
        attention=attention_of(content, cost),
        cost=cost,
        usual_bps=together_bps(content.earlier),
        history=_history(content),
        waterfall=_waterfall(cost),
        groups=_groups(content),
        schedules=content.schedules,
        schedule=_schedule(content),
        experiments=compared_of(content.drawn),
        worst=[_worst(place, one) for place, one in enumerate(content.worst, 1)],
        latencies=latencies_of(content.orders),
        measures=content.measures,
        of=_of,
    )


def verdict_of(content: Content, cost: Cost) -> str:
    """The report's first line."""
    sessions = len(content.within)
    period = "this session" if content.first == content.last else "these days"
    if sessions > 1:
        period = f"these {sessions} sessions"
    return verdict(cost, sum(content.left_out.values()), content.earlier, period)


def attention_of(content: Content, cost: Cost) -> str:
    """The report's second line."""
    open_breaks = _of(content.breaks, "open_of")
    return attention(
        _of(content.rejects), open_breaks, _of(content.alerts), cost.unmeasured, content.left_out
    )


def period_of(content: Content) -> str:
    """Which days the report is about."""
    first, last = wording.day(content.first), wording.day(content.last)
    return first if content.first == content.last else f"{first} to {last}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("orderworks.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")


@cache
def _style() -> str:
    return (files("orderworks.report") / "templates" / "report.css").read_text("utf-8")


def _history(content: Content) -> Markup | None:
    if not any(day.bps is not None for day in content.days):
        return None
    return history_chart(content.days, len(content.earlier), together_bps(content.earlier))


def _waterfall(cost: Cost) -> Sequence[Markup]:
    return [] if cost.total is None else waterfall(cost.parts, cost.total)


def _groups(content: Content) -> list[tuple[str, list[tuple[str, Group, Markup]]]]:
    """Each question of cost with its rows: what it is of, the figures, the picture."""
    by_notional = {
        "By route": [(group.key, group) for group in groups_of(content.orders, "route_rule")],
        "By algorithm": [
            (NOT_WORKED.get(group.key, group.key), group)
            for group in groups_of(content.orders, "algo")
        ],
    }
    for groups in by_notional.values():
        groups.sort(key=lambda row: -row[1].notional)
    by_hour = [
        (f"{int(group.key):02d}–{int(group.key) + 1:02d} h", group)
        for group in groups_of(content.orders, "hour")
    ]
    return [
        (
            title,
            [
                (name, group, picture)
                for (name, group), picture in zip(
                    groups, intervals([group for _, group in groups]), strict=True
                )
            ],
        )
        for title, groups in {**by_notional, "By hour of release, New York": by_hour}.items()
        if groups
    ]


def _schedule(content: Content) -> Markup | None:
    """The one session's schedule as a chart; of several a table says it."""
    if len(content.schedules) != 1:
        return None
    (only,) = content.schedules
    return schedule_chart(only.planned, only.done) if only.planned or only.done else None


def _worst(place: int, worked: Worked) -> dict[str, Any]:
    name = f"order-{place}"
    return {
        "place": place,
        "order": worked.order,
        "fills": worked.fills,
        "quoted": worked.quotes is not None,
        "chart": order_chart(name, worked.order, worked.fills, worked.quotes),
    }


def _of(listing: Listing, column: str = "of") -> int:
    """How many there are in all, of which a listing holds the first."""
    return int(listing.values(column)[0]) if listing.rows else 0
