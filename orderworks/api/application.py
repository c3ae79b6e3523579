"""The application that serves the API, guarded; the blotter adds its pages to it."""

from typing import Any

from fastapi import APIRouter, FastAPI

from orderworks.api.problems import tell_problems
from orderworks.api.routes import PREFIX, routes
from orderworks.health.looking import Watch
from orderworks.ledger.reading_pool import ReadingPool

DESCRIPTION = (
    "What Orderworks' ledger holds, read only. Prices and money are strings, quantities numbers, times ISO "
    "8601 in UTC; what is not known is null. Every failure is a problem (RFC 9457)."
)


def application(
    pool: ReadingPool, watch: Watch, configured: str, pages: APIRouter | None = None
) -> FastAPI:
    """The API over a ledger, and the pages beside it.

    Args:
        configured: the account of the settings.
    """
    served = FastAPI(
        title="Orderworks",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        redirect_slashes=False,
    )
    served.include_router(routes(pool, watch, configured))
    if pages is not None:
        served.include_router(pages, include_in_schema=False)
    tell_problems(served)
    _describe_token(served)
    return served


def _describe_token(served: FastAPI) -> None:
    made = served.openapi

    def described() -> dict[str, Any]:
        description = made()
        schemes = description.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer"}
        description["security"] = [{"token": []}, {}]
        return description

    served.openapi = described  # type: ignore[method-assign]
