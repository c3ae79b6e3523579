"""The charts of a day as a whole: what it cost against the days before, and when it was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

from orderworks.market.calendar import NEW_YORK
from orderworks.report import wording
from orderworks.report.figures import Day, done_until
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

HEIGHT = 190

Steps = Sequence[tuple[datetime, float]]

FEWEST_BARS = 12
"""So many have room at least: a single day is a bar, too, and no wall."""

FEWEST_NAMED = 5
"""With fewer bars there is no room for two dates."""

DAY = timedelta(days=1)
EVERY = (
    *(timedelta(minutes=one) for one in (1, 2, 5, 10, 15, 30, 60, 120, 360)),
    *(DAY * one for one in (1, 2, 7, 30, 90, 365)),
)
MOST_TIMES = 4


def history_chart(days: Sequence[Day], first_of_period: int, mean: float | None) -> Markup:
    """A bar a day in basis points: those of the period stand out from those before it.

    Args:
        days: oldest first.
        first_of_period: the place of the first day that the report is about.
        mean: of the days before, drawn across them; None where there is none.
    """
    known = [day.bps for day in days if day.bps is not None]
    values = [0.0, *known, *([] if mean is None else [mean])]
    up = Scale(min(values), max(values), HEIGHT - BOTTOM, TOP)
    ticks = nice_ticks(min(values), max(values), 4)
    width = 1 / max(len(days), FEWEST_BARS)
    left = 1 - len(days) * width
    drawn: list[Element] = grid(up, sorted({*ticks, 0.0}))
    for place, day in enumerate(days):
        if day.bps is None:
            continue
        end, zero = up(day.bps), up(0)
        colour = ("cost" if day.bps > 0 else "gain") if place >= first_of_period else "earlier"
        drawn.append(
            tag(
                "rect",
                tag("title", f"{day.session}: {wording.bps(day.bps)} bps"),
                x=along(left + (place + 0.15) * width),
                width=along(0.7 * width),
                y=min(end, zero),
                height=max(abs(end - zero), 1.0),
                class_=colour,
            )
        )
    if mean is not None:
        until = along(left + first_of_period * width)
        drawn.append(tag("line", x1=along(left), x2=until, y1=up(mean), y2=up(mean), class_="mean"))
    drawn += _dates(days, left)
    told = "; ".join(f"{day.session} {wording.bps(day.bps)}" for day in days)
    return chart(
        "history",
        "Cost of each session in basis points",
        f"Positive is cost. {told}.",
        HEIGHT,
        y_axis(up, ticks, HEIGHT, lambda tick: f"{tick:z,g}".replace("-", wording.MINUS)),
        *drawn,
    )


def _dates(days: Sequence[Day], left: float) -> list[Element]:
    """The first day's date and, at the right, the last one's."""
    y = HEIGHT - 6
    labels = [tag("text", wording.short_day(days[-1].session), x="100%", y=y, class_="tick end")]
    if len(days) >= FEWEST_NAMED:
        labels.append(
            tag("text", wording.short_day(days[0].session), x=along(left), y=y, class_="tick")
        )
    return labels


def schedule_chart(planned: Steps, done: Steps) -> Markup:
    """Planned and filled notional, each summed up over the session's time.

    Args:
        planned, done: time and notional, in any order; not both without any.
    """
    times = [at for at, _ in (*planned, *done)]
    start, end = min(times), max(times)
    if start == end:
        end += timedelta(minutes=1)
    across = Scale(start.timestamp(), end.timestamp(), 0, LINE_WIDTH)
    sums = {"planned": done_until(planned), "done": done_until(done)}
    highest = max(max(amounts, default=0.0) for _, amounts in sums.values())
    up = Scale(0, highest or 1, HEIGHT - BOTTOM, TOP)
    ticks = nice_ticks(0, highest or 1, 4)
    drawn = []
    for name, (moments, amounts) in sums.items():
        if moments:
            xs = [0.0, *(across(at.timestamp()) for at in moments), float(LINE_WIDTH)]
            ys = [up(0), *(up(amount) for amount in amounts), up(amounts[-1])]
            drawn.append(path(stepped(xs, ys), f"line {name}"))
    reached = {name: amounts[-1] if amounts else 0.0 for name, (_, amounts) in sums.items()}
    return chart(
        "schedule",
        "Planned and done notional by the time in New York",
        f"Planned {wording.rounded(reached['planned'])} and done {wording.rounded(reached['done'])} "
        f"in all, from {wording.clock(start)} to {wording.clock(end)}.",
        HEIGHT,
        y_axis(up, ticks, HEIGHT, compact),
        *grid(up, ticks),
        *time_labels(start, end, HEIGHT),
        lines(HEIGHT, *drawn),
    )


def time_labels(start: datetime, end: datetime, height: int) -> list[Element]:
    """A few round times of New York below a chart from ``start`` to ``end``; over days, their dates."""
    across = Scale(start.timestamp(), end.timestamp())
    every = next((one for one in EVERY if (end - start) / one <= MOST_TIMES), EVERY[-1])
    midnight = start.astimezone(NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0)
    labels = []
    at = midnight + every * -((midnight - start) // every)
    while at <= end:
        place = across(at.timestamp())
        # At the very edge half of the label would be cut off.
        anchor = "tick start" if place < 0.06 else "tick end" if place > 0.94 else "tick middle"
        said = wording.minute(at) if every < DAY else wording.short_day(at.date())
        labels.append(tag("text", said, x=along(place), y=height - 6, class_=anchor))
        at += every
    return labels


def compact(amount: float) -> str:
    """An amount on an axis: 1.5M, 250k."""
    for size, unit in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(amount) >= size:
            return f"{amount / size:z,g}{unit}".replace("-", wording.MINUS)
    return f"{amount:z,g}".replace("-", wording.MINUS)
