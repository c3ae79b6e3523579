"""The embedded server for real: as the caller and, where that is root, as an ordinary user, too."""

import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
from embedded_people import (
    IS_ROOT,
    ODD_NAME,
    PACKAGE,
    Person,
    change,
    cluster_of,
    fetch,
    home_of,
    kill_everything,
    modes_above,
    socket_of,
)

from orderworks.ledger.embedded import EmbeddedServer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no embedded server on Windows")


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
