"""How every picture looks: its figure, its axes, its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID = "#1f2933", "#6b7785", "#e4e7eb"
VALUE: dict[str, Any] = {
    "fontsize": 8,
    "color": MUTED,
    "zorder": 4,
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1},
}
"""How the number at a bar is written: over the lines that it meets."""


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches, whose parts find their places by themselves."""
    # Imported here: matplotlib takes longer to load than most commands take to run.
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12, wspace=0.06)
    return Figure(figsize=(width, height), layout=layout)


def heading(figure: Figure, text: str) -> None:
    """Writes what the figure is of, at its top."""
    title = figure.suptitle(text, x=0.014, ha="left", fontsize=14, fontweight="bold", color=INK)
    title.set_parse_math(False)


def dress(axes: Axes, title: str, unit: str, grid: Literal["x", "y"]) -> None:
    """``unit`` names the axis of the values, along which the grid is drawn."""
    axes.set_title(title, loc="left", fontsize=10.5, pad=20, color=INK)
    measured = {"x": axes.xaxis, "y": axes.yaxis}[grid]
    measured.set_label_text(unit, color=MUTED, fontsize=9)
    axes.grid(axis=grid, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.tick_params(length=0, labelsize=8.5, labelcolor=INK)
    axes.tick_params(axis=grid, labelcolor=MUTED)


def signed(value: float) -> str:
    """A number with its sign and one decimal; none is -0.0."""
    return f"{value:+z.1f}".replace("-", "−")


def save(figure: Figure, path: Path) -> None:
    """Writes the figure as a PNG.

    Raises:
        OSError: if the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    figure.savefig(path, format="png", dpi=150)
