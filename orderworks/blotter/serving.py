"""Puts the blotter and the API together, guarded, and serves them."""

from collections.abc import Callable
from pathlib import Path

import uvicorn
from fastapi import APIRouter
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from orderworks.api.access import Access, Guard, served_hosts
from orderworks.api.application import application
from orderworks.blotter import acting, pages
from orderworks.blotter.acting import Stop
from orderworks.health.looking import Watch
from orderworks.ledger.reading_pool import ReadingPool
from orderworks.settings import Settings

STATIC = Path(__file__).parent / "static"


def blotter(
    address: Callable[[], str],
    settings: Settings,
    guard: Guard,
    host: str,
    reports: Path,
    stop: Stop,
) -> ASGIApp:
    """The page and the API over the ledger at ``address``.

    Args:
        host: what is listened on.
        reports: the folder whose reports are shown.
        stop: what throws the kill switch.
    """
    pool = ReadingPool(address, settings.blotter.answer_seconds)
    configured = settings.broker.account
    read = pages.Pages(pool, configured, {"form_token": guard.form_token})
    router = APIRouter()
    router.include_router(pages.routes(read, reports))
    router.include_router(acting.routes(read, guard, stop))
    served = application(pool, Watch(address, settings), configured, router)
    served.mount("/static", StaticFiles(directory=STATIC))
    # What a page elsewhere could read, led here under its own name, is nothing where a token is demanded.
    return Access(served, guard, None if guard.demands_token else served_hosts(host))


def serve(served: ASGIApp, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Serves until told to end."""
    config = uvicorn.Config(
        served,
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    listening = config.bind_socket()
    with listening:
        # Whoever is told the address may ask at once: it waits until the server has begun.
        listening.listen()
        shown = f"[{host}]" if ":" in host else host
        tell(f"serving http://{shown}:{listening.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listening])
