"""Charts as inline SVG that fits any width: along it in per cent, up it in pixels.

So a chart is as wide as the page and its text as large as the page's, on a phone as on paper. Lines
and areas, which cannot be in per cent, lie in a box of LINE_WIDTH units that is stretched; their
strokes are not. Colours are the page's classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Tree

from markupsafe import Markup

LINE_WIDTH = 1000
TOP, BOTTOM = 14, 22
"""Pixels above and below what is drawn: for the topmost label, and for those of the x axis."""

Element = Tree.Element


@dataclass(frozen=True, slots=True)
class Scale:
    """From a value to a place: ``start`` stands at ``first``, ``end`` at ``last``."""

    start: float
    end: float
    first: float = 0.0
    last: float = 1.0

    def __call__(self, value: float) -> float:
        reach = self.end - self.start
        along = (value - self.start) / reach if reach else 0.5
        return self.first + along * (self.last - self.first)


def tag(name: str, *children: Element | str, **attributes: object) -> Element:
    """An element; ``class_`` is its class, and an underscore a hyphen. All that is text is escaped."""
    element = Tree.Element(
        name,
        {
            key.rstrip("_").replace("_", "-"): _plain(value)
            for key, value in attributes.items()
            if value is not None
        },
    )
    for child in children:
        if isinstance(child, str):
            element.text = child
        else:
            element.append(child)
    return element


def along(share: float) -> str:
    """A place along a chart, of its width."""
    return f"{share * 100:.2f}%"


def lines(height: int, *children: Element) -> Element:
    """The stretched box for lines and areas, LINE_WIDTH units wide."""
    return tag(
        "svg",
        *children,
        width="100%",
        height=height,
        viewBox=f"0 0 {LINE_WIDTH} {height}",
        preserveAspectRatio="none",
    )


def path(points: Iterable[tuple[float, float]], class_: str) -> Element:
    """A line through points of LINE_WIDTH and pixels."""
    drawn = "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return tag("path", d=f"M{drawn}", class_=class_, vector_effect="non-scaling-stroke")


def stepped(xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float]]:
    """The corners of a line that holds each value until the next."""
    points: list[tuple[float, float]] = []
    for place, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if place:
            points.append((x, ys[place - 1]))
        points.append((x, y))
    return points


def chart(
    name: str, title: str, description: str, height: int, axis: Element | None, *children: Element
) -> Markup:
    """A chart with its y axis beside it, told to those who do not see it.

    Args:
        name: of this chart in the page, once: letters, digits and hyphens.
        axis: as ``y_axis`` makes it.
    """
    drawing = tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", description, id=f"{name}-description"),
        *children,
        class_="chart",
        width="100%",
        height=height,
        role="img",
        aria_labelledby=f"{name}-title {name}-description",
    )
    parts = [drawing] if axis is None else [axis, drawing]
    return markup(tag("div", *parts, class_="plot"))


def y_axis(
    scale: Scale, ticks: Sequence[float], height: int, write: Callable[[float], str]
) -> Element:
    """The numbers beside a chart, right-aligned; what is drawn has them as grid lines."""
    texts = [write(tick) for tick in ticks]
    width = max((len(text) for text in texts), default=1) * 7.4 + 10
    labels = [
        tag("text", text, x=width - 7, y=scale(tick) + 4, text_anchor="end", class_="tick")
        for tick, text in zip(ticks, texts, strict=True)
    ]
    return tag("svg", *labels, width=width, height=height, aria_hidden="true", class_="axis")


def grid(scale: Scale, ticks: Iterable[float]) -> list[Element]:
    """A line across for each tick; that at zero is stronger."""
    return [
        tag(
            "line",
            x1="0%",
            x2="100%",
            y1=scale(tick),
            y2=scale(tick),
            class_="grid" if tick else "zero",
        )
        for tick in ticks
    ]


def nice_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers, at most ``most``, evenly spaced, that lie from ``low`` to ``high``."""
    reach = high - low
    if not reach > 0:
        return [low]
    rough = reach / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(
        size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * (1 - 1e-9)
    )
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def markup(element: Element) -> Markup:
    """The element as the page takes it: safe, as the tree escaped what is in it."""
    return Markup(Tree.tostring(element, encoding="unicode"))  # noqa: S704


def _plain(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
