"""A session's execution quality in one picture: which orders slipped, and where the money went."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from orderworks.planning.risk.bounds import noise_above
from orderworks.quality.drawing import INK, MUTED, VALUE, dress, heading, new_figure, save, signed
from orderworks.quality.metrics import BASIS_POINTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WORST = 30
"""As many orders as can be read beside each other."""

FEWEST = 6
"""Room for so many, so that the bar of one order is still a bar."""

COST, GAIN, BREACH = "#3e6d9c", "#57a773", "#c8553d"

PARTS = ("delay", "execution", "opportunity", "fees", "total")


def slippage_chart(
    per_order: pd.DataFrame, path: Path, account: str, session: date, alert_slippage_bps: float
) -> None:
    """Writes a PNG: arrival slippage of the worst orders, and the shortfall split in money.

    Args:
        per_order: as ``measure_orders`` returns it. Without fills, the picture says so.
        path: the file to write, replaced if it is there.
        account, session: for the title.
        alert_slippage_bps: drawn as a line; orders beyond it stand out.

    Raises:
        OSError: if the file cannot be written.
    """
    slipped = per_order.dropna(subset=["slippage_arrival_bps"])
    worst = slipped.nlargest(WORST, "slippage_arrival_bps").iloc[::-1]
    figure = new_figure(12, max(4.5, 1.9 + 0.24 * len(worst)))
    heading(figure, f"Execution quality of account {account}, session {session}")
    if per_order["filled_quantity"].sum() == 0:
        _say_nothing_filled(figure, len(per_order))
    else:
        left, right = figure.subplots(1, 2, width_ratios=(1.45, 1))
        _draw_slippage(left, worst, len(slipped), alert_slippage_bps)
        _draw_shortfall(right, per_order)
    save(figure, path)


def _say_nothing_filled(figure: Figure, orders: int) -> None:
    said = f"No fills in this session (orders released: {orders:,})"
    figure.text(0.5, 0.5, said, ha="center", va="center", fontsize=13, color=MUTED)


def _draw_slippage(axes: Axes, worst: pd.DataFrame, known: int, threshold: float) -> None:
    shown = f"worst {len(worst)} of {known:,} orders" if known > len(worst) else "each order"
    dress(axes, f"Slippage against the arrival mid, {shown}", "basis points, positive is cost", "x")
    if worst.empty:
        axes.text(
            0.5,
            0.5,
            "no arrival price is known",
            transform=axes.transAxes,
            ha="center",
            color=MUTED,
        )
        return
    values = worst["slippage_arrival_bps"].to_numpy(float)
    colors = [BREACH if v > noise_above(threshold) else COST if v >= 0 else GAIN for v in values]
    bars = axes.barh(range(len(worst)), values, color=colors, height=0.72)
    axes.bar_label(bars, [signed(v) for v in values], padding=3, **VALUE)
    names = [
        f"{side} {quantity:,} {symbol}"
        for side, quantity, symbol in zip(
            worst["side"], worst["filled_quantity"], worst["symbol"], strict=True
        )
    ]
    axes.set_yticks(range(len(worst)), names)
    axes.set_ylim(len(worst) - max(len(worst), FEWEST) - 0.6, len(worst) - 0.4)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.axvline(threshold, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=3)
    axes.annotate(
        f"alert at {threshold:g} bps",
        (threshold, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        color=INK,
        fontsize=8,
    )
    axes.margins(x=0.12)


def _draw_shortfall(axes: Axes, per_order: pd.DataFrame) -> None:
    split = per_order.dropna(subset=[f"shortfall_{part}" for part in PARTS])
    shown = "" if len(split) == len(per_order) else f", {len(split):,} of {len(per_order):,} orders"
    dress(axes, f"Implementation shortfall{shown}", "money, positive is cost", "y")
    values = [float(sum(split[f"shortfall_{part}"].tolist())) for part in PARTS]
    colors = [COST if value >= 0 else GAIN for value in values[:-1]] + [INK]
    bars = axes.bar(range(len(PARTS)), values, color=colors, width=0.62)
    paper = float(sum((split["quantity"] * split["decision_price"]).tolist()))
    labels = [
        f"{value:z,.0f}\n{signed(value / paper * BASIS_POINTS)} bps" for value in values if paper
    ]
    axes.bar_label(bars, [label.replace("-", "−") for label in labels], padding=4, **VALUE)
    axes.set_xticks(range(len(PARTS)), PARTS)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.margins(y=0.16)
