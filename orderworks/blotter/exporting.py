"""A list as CSV: every row that its filters let pass, sent as it is read."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import Response, StreamingResponse

from orderworks.blotter.asking import conditions, parameters, plain_query, question
from orderworks.blotter.views import View
from orderworks.ledger.paging import page
from orderworks.ledger.reading_pool import ReadingPool
from orderworks.model.listing import Listing
from orderworks.printing import plain

PORTION = 10_000
"""Rows that are read at a time."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so is taken for a formula by the programs that open such files."""


def export(pool: ReadingPool, configured: str, view: View, query: QueryParams) -> Response:
    """The file of a view; it is sorted as the view is when nobody asks otherwise.

    Each portion is read as the ledger then stands, so that no transaction waits for a slow reader.
    """
    asked = {
        name: value for name, value in plain_query(query).items() if name not in ("sort", "cursor")
    }
    with pool.reading() as ledger:
        about = question(ledger, query, configured)
        filters = conditions(view, about, parameters(view, asked))
        first = page(ledger, view.resource, filters, limit=PORTION)

    def rest() -> Iterator[Listing]:
        cursor = first.following
        while cursor is not None:
            with pool.reading() as ledger:
                found = page(ledger, view.resource, filters, limit=PORTION, cursor=cursor)
            yield found.listing
            cursor = found.following

    day = f"-{about.session}" if view.by_session and about.session else ""
    return StreamingResponse(
        _lines(tuple(view.resource.fields), chain([first.listing], rest())),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="orderworks-{view.name}{day}.csv"'},
    )


def _lines(columns: tuple[str, ...], portions: Iterable[Listing]) -> Iterator[str]:
    yield _text([columns])
    for portion in portions:
        yield _text([safe(value) for value in row] for row in portion.rows)


def safe(value: object) -> object:
    """A value as a cell; a text that would be taken for a formula is quoted."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    written = plain(value)
    return json.dumps(written) if isinstance(written, bool | dict | list) else written


def _text(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
