"""One order in one picture: the quotes while it was worked, its fills, and the prices it is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from orderworks.report import wording
from orderworks.report.day_charts import time_labels
from orderworks.report.svg import (
    BOTTOM,
    LINE_WIDTH,
    TOP,
    Element,
    Scale,
    along,
    chart,
    grid,
    lines,
    nice_ticks,
    path,
    stepped,
    tag,
    y_axis,
)

HEIGHT = 200
MOST_QUOTES = 300
"""As many as a chart can show."""

CROWD = 40
"""More fills are smaller points."""

BEFORE = timedelta(seconds=60)
"""At least so much of the market is shown before and after an order."""


def shown_period(order: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """From when to when an order's chart shows the market, UTC."""
    start, end = order["began_at"], max(order["worked_until"], order["began_at"])
    margin = max(BEFORE, (end - start) / 10)
    return start - margin, end + margin


def order_chart(
    name: str,
    order: Mapping[str, Any],
    fills: Sequence[Mapping[str, Any]],
    quotes: pd.DataFrame | None,
) -> Markup:
    """The order's chart.

    Args:
        name: of the chart in the page, once.
        order: a row of ``report_rows.measured_orders``.
        fills: its fills: ts, quantity, price.
        quotes: of its symbol in ``shown_period``, ts, bid, ask; None where there are none on record.
    """
    start, end = shown_period(order)
    band = _thinned(quotes, start, end)
    judged = [
        float(order[one]) for one in ("decision_price", "arrival_price") if order[one] is not None
    ]
    prices = [*judged, *(float(fill["price"]) for fill in fills), *band["bid"], *band["ask"]]
    margin = (max(prices) - min(prices)) * 0.06 or max(prices) * 1e-4
    low, high = min(prices) - margin, max(prices) + margin
    up = Scale(low, high, HEIGHT - BOTTOM, TOP)
    across = Scale(start.timestamp(), end.timestamp())
    ticks = nice_ticks(low, high, 4)
    said = [
        f"{order['side']} {order['quantity']:,} {order['symbol']}",
        f"decided at {wording.price(order['decision_price'])}",
        f"arrival mid {wording.price(order['arrival_price'])}",
        wording.count(len(fills), "fill"),
    ]
    if not len(band):
        said.append("no quotes on record")
    return chart(
        name,
        f"Prices while the order in {order['symbol']} was worked",
        "; ".join(said) + ".",
        HEIGHT,
        y_axis(up, ticks, HEIGHT, wording.price),
        *grid(up, ticks),
        *time_labels(start, end, HEIGHT),
        lines(HEIGHT, *_quoted(band, across, up, end)),
        *_judged(order, across, up),
        *_filled(fills, across, up),
    )


def _thinned(quotes: pd.DataFrame | None, start: datetime, end: datetime) -> pd.DataFrame:
    """The sound quotes, of many the last one in each of MOST_QUOTES parts of the time."""
    if quotes is None:
        return pd.DataFrame({"ts": [], "bid": [], "ask": []})
    bid, ask = quotes["bid"].to_numpy(float), quotes["ask"].to_numpy(float)
    sound = quotes[(bid > 0) & (ask >= bid)]
    if len(sound) <= MOST_QUOTES:
        return sound
    part = ((sound["ts"] - start) / ((end - start) / MOST_QUOTES)).astype(int)
    return sound[~part.duplicated(keep="last")]


def _quoted(band: pd.DataFrame, across: Scale, up: Scale, end: datetime) -> list[Element]:
    """The bid and the ask as lines, and the spread between them as an area."""
    if not len(band):
        return []
    seconds = [moment.timestamp() for moment in band["ts"]]
    xs = [max(across(at), 0.0) * LINE_WIDTH for at in (*seconds, end.timestamp())]
    sides = {
        side: stepped(xs, [up(one) for one in np.append(band[side], band[side].iloc[-1]).tolist()])
        for side in ("bid", "ask")
    }
    area = path([*sides["bid"], *reversed(sides["ask"])], "spread")
    return [area, path(sides["bid"], "line quote"), path(sides["ask"], "line quote")]


def _judged(order: Mapping[str, Any], across: Scale, up: Scale) -> list[Element]:
    """The decision price all along, and the arrival mid from the release on."""
    began = along(across(order["began_at"].timestamp()))
    decision, marks = up(float(order["decision_price"])), []
    marks.append(tag("line", x1="0%", x2="100%", y1=decision, y2=decision, class_="decision"))
    if order["arrival_price"] is not None:
        arrival = up(float(order["arrival_price"]))
        marks.append(tag("line", x1=began, x2="100%", y1=arrival, y2=arrival, class_="arrival"))
    marks.append(tag("line", x1=began, x2=began, y1=TOP, y2=HEIGHT - BOTTOM, class_="release"))
    return marks


def _filled(fills: Sequence[Mapping[str, Any]], across: Scale, up: Scale) -> list[Element]:
    """A point a fill, its area as its shares."""
    largest = max((fill["quantity"] for fill in fills), default=1)
    size = 3.5 if len(fills) <= CROWD else 2.0
    return [
        tag(
            "circle",
            tag(
                "title",
                f"{fill['quantity']:,} at {wording.price(fill['price'])}, {wording.clock(fill['ts'])}",
            ),
            cx=along(across(fill["ts"].timestamp())),
            cy=up(float(fill["price"])),
            r=size * (0.7 + float(np.sqrt(fill["quantity"] / largest))),
            class_="fill",
        )
        for fill in fills
    ]
