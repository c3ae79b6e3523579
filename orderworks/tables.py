"""Listings as tables for a reader: numbers to the right, states in colour, a caption that counts.

On a terminal the table fits its width, and what is long is folded; through a pipe it is as wide
as it needs or as its view permits, without colours.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from orderworks.model.listing import Listing
from orderworks.printing import View

MOST_ROWS = 1000
"""Nobody reads further in a table."""

MOST_NOTES = 20
LONGEST_ID = 12
LONGEST_WORDS = 24
"""A column with longer values is folded where the terminal is too narrow."""

UNBOUNDED = 100_000

_GOOD, _GOING, _ENDED, _BAD, _ALARM = "green", "cyan", "yellow", "red", "bold white on red"
STYLES: dict[str, dict[object, str]] = {
    "state": {
        **dict.fromkeys(("FILLED", "DONE"), _GOOD),
        **dict.fromkeys(("PENDING", "SUBMITTED", "PARTIALLY_FILLED", "STARTED", "PLANNED"), _GOING),
        **dict.fromkeys(("CANCELLED", "EXPIRED", "SKIPPED"), _ENDED),
        **dict.fromkeys(("REJECTED", "FAILED"), _BAD),
        "UNKNOWN": _ALARM,
    },
    "killed": {True: _ALARM, False: _GOOD},
}
"""The colours of a column's values."""


def print_table(listing: Listing, view: View, scope: str) -> None:
    """Prints the table with its caption, or a sentence where there are no rows."""
    console = Console(highlight=False)
    if not listing.rows:
        console.print(Text(f"No {view.noun}s {scope}".rstrip() + "."), soft_wrap=True)
        return
    shown = _shown(listing, view)
    day = _only_day([column for _, column in shown])
    head = Listing(listing.columns, listing.rows[:MOST_ROWS])
    table = _table(head, view, shown, day)
    if not console.is_terminal:
        needed = Measurement.get(console, console.options.update(width=UNBOUNDED), table)
        width = needed.maximum
        if view.folded_to is not None:
            width = max(needed.minimum, min(width, view.folded_to))
        console = Console(highlight=False, file=sys.stdout, width=max(width, console.width))
    console.print(table)
    caption = _caption(listing, view, scope, day, times=_has_times(shown))
    console.print(Text(caption, style="dim"), soft_wrap=True)
    for note in _notes(head, view):
        console.print(Text(note, style="dim"), soft_wrap=True)


def _shown(listing: Listing, view: View) -> list[tuple[str, list[Any]]]:
    """The columns of the view that hold anything, by name."""
    names = view.headings or listing.columns
    columns = [(name, listing.values(name)) for name in names]
    return [(name, values) for name, values in columns if any(v is not None for v in values)]


def _table(
    listing: Listing, view: View, shown: Sequence[tuple[str, list[Any]]], day: date | None
) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    columns = []
    for name, values in shown:
        is_number = all(value is None or _is_number(value) for value in values)
        cells = [_cell(name, value, day) for value in values[: len(listing.rows)]]
        table.add_column(
            view.headings.get(name, name),
            justify="right" if is_number else "left",
            no_wrap=all(len(cell) <= LONGEST_WORDS for cell in cells),
            overflow="fold",
        )
        columns.append(cells)
    if view.under is not None:
        columns[0] = [
            cell if above is None else Text("  ") + cell
            for cell, above in zip(columns[0], listing.values(view.under), strict=True)
        ]
    for row in zip(*columns, strict=True):
        table.add_row(*row)
    return table


def _cell(name: str, value: Any, day: date | None) -> Text:
    styles = STYLES.get(name)
    text = _shortened(value) if name.endswith("_id") and value else _written(value, day)
    return Text(text, style=styles.get(value, "") if styles else "")


def _written(value: object, day: date | None) -> str:
    """A value for a reader; of times on the one ``day`` only the time."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.2f}"
        case Decimal():
            return _money(value)
        case datetime():
            moment = value.astimezone(UTC)
            return f"{moment:%H:%M:%S}" if day else f"{moment:%Y-%m-%d %H:%M:%S}"
        case _:
            return str(value)


def _shortened(name: object) -> str:
    text = str(name)
    return text if len(text) <= LONGEST_ID else f"{text[:7]}…{text[-3:]}"


def _money(value: Decimal) -> str:
    """Two decimals at least and four at most."""
    rounded = f"{value:,.4f}"
    return rounded[:-2] if rounded.endswith("00") else rounded.removesuffix("0")


def _caption(listing: Listing, view: View, scope: str, day: date | None, *, times: bool) -> str:
    text = f"{view.count(len(listing.rows))} {scope}".rstrip()
    if view.counted is not None:
        counts = Counter(listing.values(view.counted))
        text += ": " + ", ".join(f"{number:,} {value}" for value, number in counts.most_common())
    if times:
        text += ". Times are UTC" + (f", of {day}" if day else "")
    if len(listing.rows) > MOST_ROWS:
        text += f". The first {MOST_ROWS:,} are shown: --format csv prints all"
    return text + "."


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _notes(listing: Listing, view: View) -> Iterator[str]:
    """Each thing that is noted of rows, once, with the first of the rows."""
    if view.note is None:
        return
    noted: dict[str, list[str]] = {}
    first_column = listing.values(next(iter(view.headings)))
    for row, note in zip(first_column, listing.values(view.note), strict=True):
        if note:
            noted.setdefault(note, []).append(_shortened(row))
    for note, rows in islice(noted.items(), MOST_NOTES):
        others = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
        yield f"{rows[0]}{others}: {note}"
    if len(noted) > MOST_NOTES:
        yield f"{len(noted) - MOST_NOTES:,} more notes are in --format csv."


def _has_times(columns: Sequence[tuple[str, Sequence[Any]]]) -> bool:
    return any(isinstance(value, datetime) for _, values in columns for value in values)


def _only_day(columns: Sequence[Sequence[Any]]) -> date | None:
    """The UTC day of every time in the columns, where it is one."""
    days = {
        value.astimezone(UTC).date()
        for values in columns
        for value in values
        if isinstance(value, datetime)
    }
    return days.pop() if len(days) == 1 else None
