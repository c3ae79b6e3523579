"""The health of a ledger over real HTTP, and a line to its database that can be made to stall."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import uvicorn

from orderworks.health.looking import Watch
from orderworks.health.serving import application
from orderworks.settings import load_settings


class Monitor:
    """Asks as a monitor does."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=60)

    def get(self) -> tuple[int, dict[str, Any]]:
        """The status and the object that was answered."""
        answer = self._client.get("/health")
        assert answer.headers["content-type"] == "application/json"
        return answer.status_code, answer.json()

    def ask(self, method: str, path: str) -> int:
        return self._client.request(method, path).status_code


@contextmanager
def served(url: str, **limits: Any) -> Iterator[Monitor]:
    """A server of the health of the ledger at ``url``, with limits of the settings' section."""
    settings = load_settings(health={"answer_seconds": 30, **limits})
    config = uvicorn.Config(application(Watch(lambda: url, settings)), port=0, log_level="warning")
    listening = config.bind_socket()
    listening.listen()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Monitor(f"http://127.0.0.1:{listening.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


class Proxy:
    """Stands between a client and a database behind a socket; while it stalls, it passes nothing on."""

    def __init__(self, url: str, directory: Path) -> None:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        self._behind = f"{asked['host'][0]}/.s.PGSQL.5432"
        self.url = parts._replace(query=f"host={quote(str(directory))}").geturl()
        self.stalls = False
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(f"{directory}/.s.PGSQL.5432")
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                front, _ = self._listening.accept()
                behind = socket.socket(socket.AF_UNIX)
                behind.connect(self._behind)
                for ends in ((front, behind), (behind, front)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(2**16):
                while self.stalls:
                    sleep(0.01)
                to.sendall(data)
        for end in (source, to):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def in_parallel(times: int, ask: Callable[[], Any]) -> list[Any]:
    """What so many askers at once were answered."""
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(ask())) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
