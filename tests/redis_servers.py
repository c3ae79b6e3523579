"""A Redis server of the tests' own, on a socket of its own directory."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE_SECONDS = 10


class RedisServer:
    """Debian's redis-server, which can be stopped and started again on the same address."""

    def __init__(self, program: str, directory: Path) -> None:
        self._program = program
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = directory / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Returns when it answers; what it held before is there again."""
        self._process = subprocess.Popen(
            [
                *(self._program, "--port", "0", "--unixsocket", str(self._socket)),
                *("--dir", str(self._directory), "--appendonly", "yes", "--save", ""),
            ],
            stdout=subprocess.DEVNULL,
        )
        for _ in range(PATIENCE_SECONDS * 20):
            if self._socket.exists() and self._answers():
                return
            time.sleep(0.05)
        raise TimeoutError(f"redis-server does not answer at {self._socket}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE_SECONDS)
            self._process = None

    def _answers(self) -> bool:
        import redis

        try:
            return bool(redis.Redis(unix_socket_path=str(self._socket)).ping())
        except redis.RedisError:
            return False


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A running server; the test is skipped, and says so, where there is no program for one."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine; install Debian's package redis-server")
    # Not tmp_path: the name of a socket may only be short.
    directory = Path(tempfile.mkdtemp(prefix="redis-"))
    server = RedisServer(program, directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory)
