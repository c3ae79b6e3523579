"""The blotter over a real ledger, served for real, in this process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from orderworks.api.access import Guard
from orderworks.blotter.serving import blotter
from orderworks.settings import load_settings


@dataclass
class Served:
    """Where it is served, and what was stopped through it."""

    port: int
    guard: Guard
    stops: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def served_blotter(
    url: str,
    reports: Path,
    *,
    host: str = "127.0.0.1",
    token: str = "",
    stop: Callable[[str, bool], None] | None = None,
    **settings: Any,
) -> Iterator[Served]:
    """A blotter of the ledger at ``url`` on a free port."""
    guard = Guard(token)
    served = Served(0, guard)

    def stopped(reason: str, flatten: bool) -> None:
        if stop is not None:
            stop(reason, flatten)
        served.stops.append((reason, flatten))

    app = blotter(lambda: url, load_settings(**settings), guard, host, reports, stopped)
    config = uvicorn.Config(app, host=host, port=0, log_level="warning")
    listening = config.bind_socket()
    listening.listen()
    served.port = listening.getsockname()[1]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
