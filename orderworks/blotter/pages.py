"""The pages that only read: today, a list of each kind, an order, the reports."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from orderworks.blotter import contents, reports
from orderworks.blotter.asking import Question, plain_query, question
from orderworks.blotter.exporting import export
from orderworks.blotter.rendering import rendered
from orderworks.blotter.views import LISTS, View
from orderworks.ledger.connection import Ledger
from orderworks.ledger.reading_pool import ReadingPool
from orderworks.ledger.session_progress import version
from orderworks.model.errors import InputError, LedgerUnavailable

FOLLOWS = "orderworks-follows"
"""The header with which a page asks for what has changed of it."""

Content = Callable[[Ledger, Question, Mapping[str, str]], dict[str, Any]]


class NoSuchPage(InputError):
    """There is nothing under an address."""


class Pages:
    """Answers for pages.

    Args:
        configured: the account of the settings: the one whose sending can be stopped.
        frame: what every page is filled with besides.
    """

    def __init__(self, pool: ReadingPool, configured: str, frame: Mapping[str, Any]) -> None:
        self.pool, self.configured, self.frame = pool, configured, frame

    def answer(self, request: Request, template: str, content: Content, active: str) -> Response:
        """A page; 304 to a page that follows while nothing has changed."""
        follows = FOLLOWS in request.headers
        try:
            with self.pool.reading() as ledger:
                seen = f'"{version(ledger)}"'
                if follows and request.headers.get("if-none-match") == seen:
                    return Response(status_code=304, headers={"ETag": seen})
                about = question(ledger, request.query_params, self.configured)
                filled = content(ledger, about, plain_query(request.query_params))
        except (InputError, LedgerUnavailable, psycopg.Error) as error:
            return self.refusal(error)
        values = {**self.frame, "about": about, "active": active, **filled}
        answer = rendered(template, values, only_live=follows)
        answer.headers["ETag"] = seen
        return answer

    def refusal(self, error: Exception) -> Response:
        """The page that says why there is none."""
        match error:
            case NoSuchPage():
                status, said = 404, str(error)
            case InputError():
                status, said = 422, str(error)
            case psycopg.DataError():
                status, said = 422, "this address asks for what no ledger can hold"
            case psycopg.Error():
                status, said = 503, "the ledger's database broke off"
            case _:
                status, said = 503, str(error)
        return rendered("refusal.html", {"status": status, "sentence": said})


def routes(pages: Pages, reports_folder: Path) -> APIRouter:
    """The reading pages over a ledger."""
    router = APIRouter()

    @router.get("/")
    def today(request: Request) -> Response:
        return pages.answer(request, "today.html", contents.today, "today")

    @router.get("/orders/{client_order_id}")
    def order(request: Request, client_order_id: str) -> Response:
        def content(ledger: Ledger, about: Question, _: Mapping[str, str]) -> dict[str, Any]:
            found = contents.order(ledger, about, client_order_id)
            if found is None:
                raise NoSuchPage(f"account {about.account} has no order {client_order_id!r}")
            return found

        return pages.answer(request, "order.html", content, "orders")

    @router.get("/reports")
    def list_reports(request: Request) -> Response:
        def content(*_: object) -> dict[str, Any]:
            return {"names": reports.names(reports_folder)}

        return pages.answer(request, "reports.html", content, "reports")

    @router.get("/reports/{name}")
    def report(name: str) -> Response:
        found = reports.served(reports_folder, name)
        return found or pages.refusal(
            NoSuchPage(f"there is no report {name!r}; /reports lists them")
        )

    for view in LISTS.values():
        router.add_api_route(f"/{view.name}", _list(pages, view))
        router.add_api_route(f"/{view.name}.csv", _file(pages, view))
    return router


def _list(pages: Pages, view: View) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        def content(ledger: Ledger, about: Question, asked: Mapping[str, str]) -> dict[str, Any]:
            return contents.listed(ledger, about, view, asked)

        return pages.answer(request, "list.html", content, view.name)

    return answer


def _file(pages: Pages, view: View) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        try:
            return export(pages.pool, pages.configured, view, request.query_params)
        except (InputError, LedgerUnavailable, psycopg.Error) as error:
            return pages.refusal(error)

    return answer
