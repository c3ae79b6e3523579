"""A session's schedule in one picture: how much was to be traded by when, and how much was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from orderworks.market.calendar import NEW_YORK
from orderworks.quality.drawing import INK, MUTED, dress, heading, new_figure, save

PLANNED, DONE = "#9aa5b1", "#3e6d9c"

Step = tuple[datetime, float]


def schedule_chart(
    planned: Sequence[Step], done: Sequence[Step], path: Path, account: str, session: date
) -> None:
    """Writes a PNG: planned and filled notional, each summed up over the session's time.

    Args:
        planned: when a child was due, UTC, and its notional at the decision price, in any order.
        done: when a fill happened, UTC, and its notional. Without any, the picture says so.
        path: the file to write, replaced if it is there.
        account, session: for the title.

    Raises:
        OSError: if the file cannot be written.
    """
    figure = new_figure(12, 4.5)
    heading(figure, f"Planned and done of account {account}, session {session}")
    if not planned and not done:
        figure.text(0.5, 0.5, "Nothing was planned", ha="center", va="center", color=MUTED)
        save(figure, path)
        return
    axes = figure.subplots()
    dress(axes, "Notional by the time in New York", "money, buys and sells together", "y")
    ends = max(at for at, _ in (*planned, *done))
    for steps, color, name in ((planned, PLANNED, "planned"), (done, DONE, "filled")):
        times, sums = summed(steps)
        if times:
            axes.step(
                [_hour(at) for at in (*times, ends)],
                [*sums, sums[-1]],
                where="post",
                color=color,
                linewidth=2,
                label=f"{name}: {sums[-1]:,.0f}",
            )
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(
        lambda hour, _: f"{int(hour):02d}:{int(hour % 1 * 60 + 0.5):02d}"
    )
    axes.legend(loc="upper left", frameon=False, labelcolor=INK)
    save(figure, path)


def _hour(at: datetime) -> float:
    """The time of the day in New York, in hours."""
    there = at.astimezone(NEW_YORK)
    return there.hour + there.minute / 60 + there.second / 3600


def summed(steps: Sequence[Step]) -> tuple[list[datetime], list[float]]:
    """The times of the steps, earliest first, and the sum of all amounts up to each."""
    total, times, sums = 0.0, [], []
    for at, amount in sorted(steps):
        total += amount
        times.append(at)
        sums.append(total)
    return times, sums
