"""A page of a view as what the template draws: headings that sort, rows of cells, where to go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from orderworks.blotter.cells import cell, placed, progress
from orderworks.blotter.views import PROGRESS, View
from orderworks.ledger.paging import Page

Asked = Mapping[str, Any]
"""The query of a page, as it stands in its address."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column: ``link`` sorts by it, ``direction`` is how it is sorted now."""

    text: str
    place: str
    link: str | None = None
    direction: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Cells, the first of which names the row; ``key`` tells it from every other."""

    key: str
    link: str | None
    cells: Sequence[tuple[Any, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """What is drawn; ``following`` leads to the rows that come next, ``first`` back to the first."""

    name: str
    title: str
    noun: str
    headings: Sequence[Heading]
    rows: Sequence[Row]
    following: str | None
    first: str | None


def table_of(view: View, found: Page, asked: Asked | None = None) -> Table:
    """The table of a page; with ``asked`` it can be sorted and gone on in."""
    order = view.resource.sort if asked is None else str(asked.get("sort") or view.resource.sort)
    records = [dict(zip(found.listing.columns, row, strict=True)) for row in found.listing.rows]
    goes_on = asked is not None and found.following is not None
    return Table(
        view.name,
        view.title,
        view.resource.noun,
        [_heading(view, name, text, order, asked) for name, text in view.columns.items()],
        [_row(view, record) for record in records],
        address(asked or {}, cursor=found.following) if goes_on else None,
        address(asked, cursor=None) if asked is not None and asked.get("cursor") else None,
    )


def address(asked: Asked, **changed: str | None) -> str:
    """The query of the same page with something changed; None leaves it out."""
    kept = {name: value for name, value in {**asked, **changed}.items() if value not in (None, "")}
    return "?" + urlencode(kept, doseq=True)


def _heading(view: View, name: str, text: str, order: str, asked: Asked | None) -> Heading:
    if name == PROGRESS:
        return Heading(text, "")
    one = view.resource.fields[name]
    place = placed(name, one.kind)
    if asked is None or not one.sorts:
        return Heading(text, place)
    direction = {name: "ascending", f"-{name}": "descending"}.get(order)
    following = f"-{name}" if order == name or (place == "right" and order != f"-{name}") else name
    return Heading(text, place, address(asked, sort=following, cursor=None), direction)


def _row(view: View, record: Mapping[str, Any]) -> Row:
    name = record.get(view.order) if view.order else None
    return Row(
        "|".join(str(record[part]) for part in view.resource.key),
        f"/orders/{name}" if name else None,
        [_cell(view, column, record) for column in view.columns],
    )


def _cell(view: View, name: str, record: Mapping[str, Any]) -> tuple[Any, str]:
    if name == PROGRESS:
        label = f"filled of {record['side']} {record['symbol']}"
        return progress(record["filled_quantity"], record["quantity"], label), ""
    kind = view.resource.fields[name].kind
    return cell(name, kind, record[name]), placed(name, kind)
