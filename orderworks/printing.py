"""Listings on standard output: JSON and CSV to be processed, exact; a table to be read.

JSON and CSV hold the same values: money as it is stored, in plain notation, quantities as numbers,
times as ISO 8601 in UTC. Only the table rounds, shortens and colours.
"""

import csv
import io
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite

from orderworks.model.listing import Listing


class Format(StrEnum):
    """How a listing can be printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class View:
    """What the table of a listing shows.

    ``noun`` is what a row is; ``headings`` names the columns that are shown, all of them where it
    is empty; the caption counts the values of ``counted``. A row with a value in ``under`` is set
    in, below the row that it belongs to. What stands in ``note`` is told below the table. Through
    a pipe, long texts are folded where the table would be wider than ``folded_to`` characters.
    """

    noun: str
    headings: Mapping[str, str] = field(default_factory=dict)
    counted: str | None = None
    under: str | None = None
    note: str | None = None
    folded_to: int | None = None

    def count(self, number: int) -> str:
        return f"{number:,} {self.noun}" + ("" if number == 1 else "s")


ROWS = View("row")


def print_listing(listing: Listing, form: Format, view: View = ROWS, scope: str = "") -> None:
    """Prints a listing on standard output.

    Args:
        scope: what was asked for, as it reads after "12 orders": "of account SIM1".
    """
    match form:
        case Format.JSON:
            _write(json_text(listing))
        case Format.CSV:
            _write(csv_text(listing))
        case Format.TABLE:
            # Rich takes its time to load, which JSON and CSV need not wait for.
            from orderworks.tables import print_table

            print_table(listing, view, scope)


def json_text(listing: Listing) -> str:
    """A list of objects, one a line."""
    objects = (
        json.dumps(dict(zip(listing.columns, map(plain, row), strict=True))) for row in listing.rows
    )
    return "[\n" + ",\n".join(objects) + "\n]\n" if listing.rows else "[]\n"


def csv_text(listing: Listing) -> str:
    """A header and a line a row; what is not known is empty, a list or an object is JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(listing.columns)
    writer.writerows([_csv_cell(plain(value)) for value in row] for row in listing.rows)
    return text.getvalue()


def plain(value: object) -> object:
    """A value in the words of JSON, without loss; a measure that is no number is null."""
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case float():
            return value if isfinite(value) else None
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case _:
            return value


def _write(text: str) -> None:
    sys.stdout.write(text)
    # Now, while a reader who has gone away can still be told from a failure.
    sys.stdout.flush()


def _csv_cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, bool | dict | list) else value
