"""A real Prefect server in a process of its own, which tests can stop and start again."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

PATIENCE_SECONDS = 120
STARTS = ("server", "start", "--host", "127.0.0.1", "--port")


class PrefectServer:
    """``prefect server start`` with a home of its own; entered, it answers."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.address}/api"

    @property
    def _log(self) -> Path:
        return self.home / "server.log"

    def complaints(self) -> str:
        """The end of what the server wrote down: for the message of a test that fails."""
        return self._log.read_text("utf-8", errors="replace")[-4000:]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"},
            "PREFECT_HOME": str(self.home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_UI_URL": self.address,
        }
        self.home.mkdir(parents=True, exist_ok=True)
        log = self._log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *STARTS, str(self.port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        given_up_at = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert self._process.poll() is None, "the Prefect server ended at once"
            assert time.monotonic() < given_up_at, "the Prefect server does not answer"
            time.sleep(0.2)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.api}/health", timeout=2).is_success
        except httpx.HTTPError:
            return False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Prefect in this process reports to this server."""
        from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL, temporary_settings

        with temporary_settings({PREFECT_API_URL: self.api, PREFECT_UI_URL: self.address}):
            yield
