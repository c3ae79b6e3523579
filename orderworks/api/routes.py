"""What can be asked for: a list of each resource, an order, the accounts, the health."""

from collections.abc import Callable, Collection
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from orderworks.api.descriptions import Accounts, HealthAnswer, page_model, row_model
from orderworks.api.parameters import Asked, parameters_of
from orderworks.api.problems import PROBLEMS, Problem
from orderworks.health.answer import answer_of
from orderworks.health.looking import Watch
from orderworks.ledger import overview
from orderworks.ledger.paging import page
from orderworks.ledger.reading_pool import ReadingPool
from orderworks.ledger.resource import Resource
from orderworks.ledger.resources import ORDERS, RESOURCES
from orderworks.model.listing import Listing
from orderworks.printing import plain

PREFIX = "/api/v1"

OrderName = Annotated[
    str, Path(pattern=r"^[^\x00-\x1f\x7f/]+$", max_length=40, description="Its client_order_id.")
]


def routes(pool: ReadingPool, watch: Watch, configured: str) -> APIRouter:
    """The API over a ledger.

    Args:
        configured: the account of the settings, which is shown though it was never opened.
    """
    router = APIRouter(
        prefix=PREFIX, responses={**PROBLEMS, 500: {**PROBLEMS[500], "model": Problem}}
    )
    rows = {name: row_model(resource) for name, resource in RESOURCES.items()}
    for name, resource in RESOURCES.items():
        router.add_api_route(
            f"/{name}",
            _lists(pool, resource),
            summary=resource.says,
            operation_id=f"list-{name}",
            response_model=None,
            responses={200: {"model": page_model(resource, rows[name])}},
        )

    def order(client_order_id: OrderName) -> Response:
        asked = {"client_order_id": client_order_id}
        with pool.reading() as ledger:
            found = page(ledger, ORDERS, asked, limit=1).listing
        if not found.rows:
            raise HTTPException(404, f"there is no order {client_order_id!r}")
        return JSONResponse(objects(found)[0])

    def accounts() -> Response:
        with pool.reading() as ledger:
            names = sorted({*overview.known_accounts(ledger), configured} - {""})
            return JSONResponse({"items": objects(overview.accounts(ledger, names))})

    def health() -> Response:
        return JSONResponse(answer_of(watch.look()))

    for path, ask, says, model in (
        ("/orders/{client_order_id}", order, "One order, as it stands now.", rows[ORDERS.name]),
        ("/accounts", accounts, "How each account stands, its kill switch with it.", Accounts),
        ("/health", health, "Whether the installation is sound; always 200.", HealthAnswer),
    ):
        router.add_api_route(
            path,
            ask,
            summary=says,
            operation_id=ask.__name__,
            response_model=None,
            responses={200: {"model": model}},
        )
    return router


def objects(listing: Listing) -> list[dict[str, Any]]:
    """The rows as JSON has them: money as strings, times ISO 8601 in UTC."""
    return [dict(zip(listing.columns, map(plain, row), strict=True)) for row in listing.rows]


def _refuse_repeated(given: QueryParams, repeatable: Collection[str]) -> None:
    """Raises RequestValidationError if a parameter of one value was given several: one would count."""
    repeated = [name for name in given if name not in repeatable and len(given.getlist(name)) > 1]
    if repeated:
        fault = "it is given more than once; give it one value"
        raise RequestValidationError(
            [{"loc": ("query", name), "msg": fault, "type": "repeated"} for name in repeated]
        )


def _lists(pool: ReadingPool, resource: Resource) -> Callable[..., Response]:
    repeatable = {name for name, one in resource.filters.items() if one.many}

    def ask(request: Request, asked: Any) -> Response:
        wanted: Asked = asked
        _refuse_repeated(request.query_params, repeatable)
        with pool.reading() as ledger:
            found = page(
                ledger,
                resource,
                wanted.filters,
                sort=wanted.sort,
                limit=wanted.limit,
                cursor=wanted.cursor,
            )
        return JSONResponse({"items": objects(found.listing), "next": found.following})

    # The type is made from the resource's table; FastAPI reads it where it would have been written.
    ask.__annotations__["asked"] = Annotated[parameters_of(resource), Query()]
    return ask
