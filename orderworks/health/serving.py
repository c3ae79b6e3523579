"""The answer over HTTP: GET /health, 200 where all is sound and 503 where it is not."""

from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from orderworks.health.answer import answer_of
from orderworks.health.looking import Watch

SOUND, UNSOUND = 200, 503


def application(watch: Watch) -> FastAPI:
    """What is served; nothing else of an installation can be reached through it."""
    served = FastAPI(title="Orderworks", docs_url=None, redoc_url=None, openapi_url=None)

    @served.api_route("/health", methods=["GET", "HEAD"])
    def health() -> JSONResponse:
        looked = watch.look()
        return JSONResponse(
            answer_of(looked),
            SOUND if looked.sound else UNSOUND,
            headers={"Cache-Control": "no-store"},
        )

    return served


def serve(watch: Watch, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Serves until told to end."""
    config = uvicorn.Config(application(watch), host=host, port=port, log_level="warning")
    listening = config.bind_socket()
    with listening:
        # Whoever is told the address may ask at once: it waits until the server has begun.
        listening.listen()
        tell(f"serving http://{host}:{listening.getsockname()[1]}/health")
        uvicorn.Server(config).run(sockets=[listening])
