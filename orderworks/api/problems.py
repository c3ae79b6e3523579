"""How a request fails: problem details (RFC 9457), whatever went wrong."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from orderworks.model.errors import InputError, LedgerUnavailable

log = logging.getLogger("orderworks.api")

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """What is wrong with one parameter."""

    name: str
    reason: str


class Problem(BaseModel):
    """Problem details, as RFC 9457 has them."""

    type: str = "about:blank"
    title: str = Field(description="What kind of problem it is.")
    status: int
    detail: str = Field(description="What is wrong, and what to do.")
    errors: list[Fault] | None = Field(None, description="The parameters that are at fault.")


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 401, 404, 405, 421, 422, 500, 503)
}
"""How any request may fail, for the description."""


def problem(
    status: int,
    detail: str,
    *,
    faults: list[Fault] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer that says what is wrong."""
    told = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=faults)
    return JSONResponse(
        told.model_dump(exclude_none=True), status, headers=headers, media_type=MEDIA_TYPE
    )


def tell_problems(app: FastAPI) -> None:
    """Has every failure of the application answered as a problem."""
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(InputError)(_bad_input)
    app.exception_handler(LedgerUnavailable)(_away)
    app.exception_handler(psycopg.OperationalError)(_away)
    app.exception_handler(Exception)(_unforeseen)


def _refused(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND and error.detail == "Not Found":
        return problem(
            404, f"there is nothing at {request.url.path}; docs/api.md lists what there is"
        )
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.url.path} does not take {request.method}"
        return problem(405, detail, headers=error.headers)
    return problem(error.status_code, error.detail, headers=error.headers)


def _invalid(_: Request, error: RequestValidationError) -> Response:
    faults = [
        Fault(
            name=".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][0]),
            reason=str(one["msg"]).removeprefix("Value error, "),
        )
        for one in error.errors()
    ]
    names = ", ".join(dict.fromkeys(fault.name for fault in faults))
    return problem(422, f"correct {names}: {faults[0].reason}", faults=faults)


def _bad_input(_: Request, error: Exception) -> Response:
    return problem(422, str(error))


def _away(_: Request, error: Exception) -> Response:
    said = str(error) if isinstance(error, LedgerUnavailable) else "the ledger's database broke off"
    return problem(503, said, headers={"Retry-After": "5"})


def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "something unforeseen happened; the server's log tells what")
