"""The replay in one picture: what each algorithm cost, whether that differs, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.backtest.comparison import Paired, differing
from orderworks.quality.drawing import INK, MUTED, dress, heading, new_figure, save, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#3e6d9c", "#d08a2e", "#57a773", "#8e5ea2", "#c8553d", "#4aa3a2")
"""One an algorithm, in the order asked; more begin again."""

HALF_WIDTH = 0.27
"""Of a column of points, where the distance of columns is 1."""

MOST_PAIRS = 6
"""As many comparisons as can be read below each other."""

MOST_DATES = 6
LONGEST_LINE = 150
"""Characters of the answer."""

BULK = (2.5, 97.5)
"""The percentiles that the axis of single orders reaches; the few beyond lie at its edge."""

CROWD = 40
"""With more orders the axis follows the bulk of them."""


def replay_chart(
    orders: pd.DataFrame,
    summary: pd.DataFrame,
    compared: Sequence[Paired],
    answer: str,
    title: str,
    path: Path,
) -> None:
    """Writes a PNG: cost by algorithm with every order, the paired differences, the cost over time.

    Args:
        orders: as ``Replayed`` has them, with an order at least.
        summary: as ``by_algorithm``.
        compared: as ``compare_all``; without any, that part says so.
        answer: the sentence below the title.
        path: the file to write, replaced if it is there.

    Raises:
        OSError: if the file cannot be written.
    """
    algorithms = summary["algorithm"].tolist()
    colors = {name: COLORS[place % len(COLORS)] for place, name in enumerate(algorithms)}
    figure = new_figure(15, 6.4)
    said = fill(answer, LONGEST_LINE)
    # The title makes as much room as the answer below it needs.
    heading(figure, title + "\n" * (2 + said.count("\n")))
    below = figure.text(0.014, 0.925, said, va="top", fontsize=11, color=INK, linespacing=1.3)
    below.set_parse_math(False)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.15, 1, 1.15))
    _draw_costs(left, orders, summary, colors)
    _draw_differences(middle, orders, compared[:MOST_PAIRS])
    _draw_money(right, orders, colors)
    save(figure, path)


def _draw_costs(
    axes: Axes, orders: pd.DataFrame, summary: pd.DataFrame, colors: Mapping[str, str]
) -> None:
    dress(
        axes, "Implementation shortfall, each order and all", "basis points, positive is cost", "y"
    )
    measured = orders[orders["shortfall_bps"].notna()]
    _say_what_lies_beyond(axes, measured["shortfall_bps"].to_numpy(float))
    low, high = _reach(measured["shortfall_bps"].to_numpy(float))
    for place, (name, bps) in enumerate(summary[["algorithm", "shortfall_bps"]].values.tolist()):
        costs = measured.loc[measured["algorithm"] == name, "shortfall_bps"].to_numpy(float)
        shown = np.clip(costs, low, high)
        axes.scatter(
            place + _spread_out(shown, high - low),
            shown,
            s=24,
            color=colors[name],
            alpha=0.55,
            linewidths=0,
        )
        if np.isfinite(bps):
            axes.hlines(
                bps, place - HALF_WIDTH, place + HALF_WIDTH, color=INK, linewidth=2, zorder=3
            )
            axes.annotate(
                f"{signed(bps)} bps",
                (place, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0, 4),
                textcoords="offset points",
                ha="center",
                color=INK,
                fontsize=10,
                fontweight="bold",
            )
    ticks = [
        f"{name}\n{int(count)} order{'s' * (count != 1)}\n{rate:.0%} filled"
        for name, count, rate in summary[["algorithm", "orders", "fill_rate"]].values.tolist()
    ]
    axes.set_xticks(range(len(ticks)), ticks)
    axes.set_xlim(-0.5, len(ticks) - 0.5)
    axes.axhline(0, color=MUTED, linewidth=0.8, zorder=1)


def _draw_differences(axes: Axes, orders: pd.DataFrame, compared: Sequence[Paired]) -> None:
    dress(axes, "The same order both ways: mean and 95 % interval", "basis points", "x")
    axes.set_yticks([])
    if not compared:
        axes.text(
            0.5,
            0.5,
            "no order was worked differently",
            transform=axes.transAxes,
            ha="center",
            color=MUTED,
        )
        return
    both = {one: differing(orders, one.algorithm, one.other)["difference_bps"] for one in compared}
    every = np.concatenate([values.to_numpy(float) for values in both.values()])
    _say_what_lies_beyond(axes, every)
    low, high = _reach(every)
    for place, (one, values) in enumerate(both.items()):
        row = len(both) - 1 - place
        shown = np.clip(values.to_numpy(float), low, high)
        axes.scatter(
            shown,
            row + _spread_out(shown, high - low, 0.22),
            s=24,
            color=MUTED,
            alpha=0.4,
            linewidths=0,
        )
        if one.low_bps is not None and one.high_bps is not None:
            interval = np.clip([one.low_bps, one.high_bps], low, high)
            axes.hlines(row, *interval, color=INK, linewidth=2, zorder=3)
        axes.scatter([one.difference_bps], [row], s=42, color=INK, zorder=4)
        noise = "within noise" if one.within_noise else "more than noise"
        axes.annotate(
            f"{one.algorithm} − {one.other}: {signed(one.difference_bps)} bps, {noise}",
            (0, row + 0.36),
            xycoords=("axes fraction", "data"),
            fontsize=9,
            color=INK,
        )
    axes.set_ylim(-0.5, len(both) - 0.4)
    axes.axvline(0, color=MUTED, linewidth=0.8, zorder=1)


def _draw_money(axes: Axes, orders: pd.DataFrame, colors: Mapping[str, str]) -> None:
    dress(axes, "Cumulative shortfall", "money, positive is cost", "y")
    sessions = sorted(orders["session"].unique())
    ends = []
    for name, color in colors.items():
        own = orders[(orders["algorithm"] == name) & orders["shortfall_total"].notna()]
        by_session = own.groupby("session")["shortfall_total"].sum().astype(float)
        total = by_session.reindex(sessions).fillna(0.0).cumsum().to_numpy()
        axes.plot(
            range(len(total) + 1), [0.0, *total], color=color, linewidth=2, marker="o", markersize=4
        )
        ends.append((float(total[-1]), name, color))
    _name_lines(axes, len(sessions), ends)
    step = max(1, -(-len(sessions) // MOST_DATES))
    ticks = list(range(1, len(sessions) + 1, step))
    axes.set_xticks(ticks, [f"{sessions[tick - 1]:%-d %b}" for tick in ticks])
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.axhline(0, color=MUTED, linewidth=0.8, zorder=1)
    # Room for the names at the lines' ends.
    axes.set_xlim(0, 1.4 * len(sessions))


def _name_lines(axes: Axes, last: int, ends: list[tuple[float, str, str]]) -> None:
    """The name and the sum at the end of each line, pushed apart where lines end together."""
    low, high = axes.get_ylim()
    apart = (high - low) * 0.055
    at = -np.inf
    for total, name, color in sorted(ends):
        at = max(total, at + apart)
        axes.annotate(
            f"{name} " + f"{total:z,.0f}".replace("-", "−"),
            (last, at),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=color,
            fontweight="bold",
            annotation_clip=False,
        )


def _reach(values: NDArray[np.float64]) -> tuple[float, float]:
    """From where to where single orders are shown."""
    if not len(values):
        return 0.0, 1.0
    if len(values) <= CROWD:
        return float(values.min()), float(values.max())
    low, high = np.percentile(values, BULK)
    return float(low), float(high)


def _say_what_lies_beyond(axes: Axes, values: NDArray[np.float64]) -> None:
    low, high = _reach(values)
    beyond = int(((values < low) | (values > high)).sum())
    if beyond:
        axes.annotate(
            f"{beyond:,} beyond lie at the edge",
            (1, 0),
            xycoords="axes fraction",
            xytext=(0, 4),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=MUTED,
        )


def _spread_out(
    values: NDArray[np.float64], reach: float, half_width: float = HALF_WIDTH
) -> NDArray[np.float64]:
    """How far beside its column each point lies: those of like value side by side, densest widest."""
    if not len(values):
        return values
    bins = np.floor((values - values.min()) / (reach / 30 or 1)).astype(int)
    offsets = np.zeros(len(values))
    widest = max(np.bincount(bins).max(), 8)
    for number in np.unique(bins):
        members = np.flatnonzero(bins == number)
        places = np.arange(len(members)) - (len(members) - 1) / 2
        offsets[members] = places / widest * 2 * half_width
    return offsets
