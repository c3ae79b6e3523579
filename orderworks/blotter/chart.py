"""Quality over time as a drawing: a bar a session, above the line a cost, below it a gain."""

from collections.abc import Callable, Sequence
from datetime import date
from math import floor, isfinite, log10

from markupsafe import Markup

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 14, 38


def cost_chart(sessions: Sequence[tuple[date, float | None]], measure: str) -> Markup:
    """A drawing of ``measure`` in basis points, oldest session first; empty where nothing is known.

    A session of which it is not known has a mark on the line instead of a bar.
    """
    known = [value for _, value in sessions if value is not None and isfinite(value)]
    if not known:
        return Markup()
    high, low = max(0.0, *known), min(0.0, *known)
    step = _step(max(high - low, 1.0))  # less than a basis point is not drawn large
    top, bottom = step * -(-high // step), step * (low // step)
    span = (top - bottom) or step
    scale = (HEIGHT - TOP - BOTTOM) / span

    def y(value: float) -> float:
        return TOP + (top - value) * scale

    room = (WIDTH - LEFT - RIGHT) / len(sessions)
    drawn = [_grid(bottom + step * number, y) for number in range(round(span / step) + 1)]
    every = max(1, -(-len(sessions) // 8))
    for number, (session, value) in enumerate(sessions):
        x = LEFT + number * room
        drawn.append(_bar(x, room, session, value, measure, y))
        if number % every == 0:
            drawn.append(
                Markup(
                    '<text class="label" x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
                ).format(x + room / 2, HEIGHT - 6, f"{session:%d %b}")
            )
    told = f"{measure} in basis points of {len(sessions)} sessions, {sessions[0][0]} to {sessions[-1][0]}"
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, told, Markup("").join(drawn))


def _bar(
    x: float,
    room: float,
    session: date,
    value: float | None,
    measure: str,
    y: Callable[[float], float],
) -> Markup:
    zero = y(0.0)
    if value is None or not isfinite(value):
        return Markup(
            '<text class="label" x="{:.1f}" y="{:.1f}" text-anchor="middle">-'
            "<title>{}: not known</title></text>"
        ).format(x + room / 2, zero - 3, session)
    width = max(1.0, min(28.0, room * 0.7))
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
        "<title>{}: {} {:+.2f} bps</title></rect>"
    ).format(
        "cost" if value > 0 else "gain",
        x + (room - width) / 2,
        min(zero, y(value)),
        width,
        max(1.0, abs(y(value) - zero)),
        session,
        measure,
        value,
    )


def _grid(value: float, y: Callable[[float], float]) -> Markup:
    return Markup(
        '<line class="{}" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
        '<text class="label" x="{}" y="{:.1f}" text-anchor="end">{:g}</text>'
    ).format(
        "zero" if abs(value) < 1e-9 else "grid",
        LEFT,
        WIDTH - RIGHT,
        y(value),
        y(value),
        LEFT - 6,
        y(value) + 4,
        round(value, 6),
    )


def _step(span: float) -> float:
    """A round distance between lines, of which there are four or five."""
    rough = span / 4
    power = 10 ** floor(log10(rough))
    return float(next(one * power for one in (1, 2, 5, 10) if one * power >= rough))
