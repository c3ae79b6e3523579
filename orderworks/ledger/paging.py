"""Rows of a resource, page by page.

A page says where the next one begins by what its last row was, not by how many came before: rows that
are inserted meanwhile neither push one off its page nor show one twice.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from orderworks.ledger.connection import Ledger
from orderworks.ledger.resource import TYPES, Resource
from orderworks.model.errors import InputError
from orderworks.model.listing import Listing


class BadCursor(InputError):
    """A cursor that was not given out for this question."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and the cursor of those that follow; None: there are none."""

    listing: Listing
    following: str | None


def page(
    ledger: Ledger,
    resource: Resource,
    filters: Mapping[str, Any],
    *,
    sort: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """The rows that pass every filter, from ``cursor`` on.

    Args:
        filters: values by the names of the resource's filters; None lets everything pass.
        sort: one of ``resource.sorts``.

    Raises:
        BadCursor: for one that this question in this order did not give.
    """
    order = sort or resource.sort
    falls, name = order.startswith("-"), order.removeprefix("-")
    places = list(dict.fromkeys([name, *resource.key]))
    asked = [resource.fields[place] for place in places]
    conditions, values = where(resource, filters)
    if cursor is not None:
        found = _positions(cursor, resource, order, len(places))
        marks = [
            f"%(from_{place})s::text::{TYPES[one.kind]}"
            for place, one in zip(places, asked, strict=True)
        ]
        conditions.append(
            f"({', '.join(one.sort_sql for one in asked)}) "
            f"{'<' if falls else '>'} ({', '.join(marks)})"
        )
        values |= {f"from_{place}": text for place, text in zip(places, found, strict=True)}
    direction = " DESC" if falls else ""
    query = (
        f"SELECT {_selected(resource)}, {', '.join(f'({one.sort_sql})::text' for one in asked)} "
        f"FROM {resource.source} WHERE {' AND '.join(conditions)} "
        f"ORDER BY {', '.join(one.sort_sql + direction for one in asked)} LIMIT %(limit)s"
    )
    try:
        with ledger.cursor(row_factory=tuple_row) as answer:
            rows = answer.execute(query.encode(), {**values, "limit": limit + 1}).fetchall()
    except psycopg.DataError:
        if cursor is None:
            raise
        raise _bad_cursor() from None
    width = len(resource.fields)
    listing = Listing(tuple(resource.fields), [row[:width] for row in rows[:limit]])
    more = len(rows) > limit
    return Page(listing, _cursor(resource, order, rows[limit - 1][width:]) if more else None)


def where(resource: Resource, filters: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The conditions of the filters, and their values by name."""
    given = {name: value for name, value in filters.items() if value is not None}
    conditions = [
        resource.filters[name].sql.format(
            f"%({name})s::text[]" if resource.filters[name].many else f"%({name})s"
        )
        for name in given
    ]
    values = {
        name: list(value) if resource.filters[name].many else value for name, value in given.items()
    }
    return ["true", *conditions], values


def _selected(resource: Resource) -> str:
    return ", ".join(f"{one.sql} AS {name}" for name, one in resource.fields.items())


def _cursor(resource: Resource, order: str, places: tuple[str, ...]) -> str:
    text = json.dumps([resource.name, order, *places], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _positions(cursor: str, resource: Resource, order: str, count: int) -> list[str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded.encode(), altchars=b"-_", validate=True))
    except (binascii.Error, UnicodeError, ValueError):
        raise _bad_cursor() from None
    if (
        not isinstance(found, list)
        or found[:2] != [resource.name, order]
        or len(found) != count + 2
        or not all(isinstance(place, str) for place in found)
    ):
        raise _bad_cursor()
    return found[2:]


def _bad_cursor() -> BadCursor:
    return BadCursor(
        "this cursor belongs to no page of this list in this order; take the one that the page before "
        "gave as next, with the same sort, or begin without one"
    )
