"""Fixtures that several parts share."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from command_processes import CommandProcesses
from emptied_databases import EmptiedDatabases
from hypothesis import settings
from redis_servers import RedisServer, redis_server
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from flows.environment import prepare
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.embedded import EmbeddedServer

# The same examples each time: what passes here passes everywhere. There are few of them, and with the proofs
# the `thorough` ones; new ones are searched for with `pytest --hypothesis-profile=search`.
settings.register_profile("few", max_examples=20, derandomize=True, deadline=None)
settings.register_profile("thorough", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1_000, deadline=None)
settings.load_profile("few")


LONGEST = {"operating": 0, "crash": 1, "flows": 2}
"""The directories of the files that take longest, in their order."""

SHARING = {
    "tests/flows/": "a Prefect server",
    "tests/commands/test_bad_input.py": "a Prefect server",
    "tests/handoffs/": "Great Expectations",
}
"""What asks for the same, which takes a worker as long to start or to import as its tests take."""


class Shared(LoadFileScheduling):
    """A file stays with one worker, and with it those that share something."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        shared = (what for path, what in SHARING.items() if file.startswith(path))
        return next(shared, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """By default; the proofs are too many for one server."""
    return Shared(config, log) if config.option.markexpr.startswith("not proof") else None


def pytest_configure(config: pytest.Config) -> None:
    """Prefect reads its environment when it is first imported: here, from nothing of the user's."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    home = tempfile.mkdtemp(prefix="orderworks-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ORDERWORKS_HOME", home)
        prepare()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first: one worker would be at them when all else is done."""
    items.sort(key=lambda item: LONGEST.get(item.path.parent.name, len(LONGEST)))


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[str]:
    """The address of a Prefect server of these tests' own, which flows in this process use too."""
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=60):
        yield str(PREFECT_API_URL.value())


@pytest.fixture(scope="session")
def command_processes(
    prefect_api: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CommandProcesses]:
    """The command line in processes of its own, with these tests' Prefect server at hand."""
    directory = tmp_path_factory.mktemp("commands")
    with CommandProcesses({"PREFECT_API_URL": prefect_api}, directory) as processes:
        yield processes


@pytest.fixture(scope="session")
def sample_market() -> Path:
    """The directory of real market data, which is not part of the project."""
    named = os.environ.get("ORDERWORKS_SAMPLE_MARKET")
    beside = Path(__file__).resolve().parents[2] / "shared" / "market"
    directory = Path(named) if named else beside
    if not (directory / "daily.csv").is_file():
        pytest.skip(f"no market sample in {directory}; name one with ORDERWORKS_SAMPLE_MARKET")
    return directory


@pytest.fixture(scope="session")
def embedded_url() -> Iterator[str]:
    """The address of a PostgreSQL server of these tests' own, which is removed after them."""
    if os.name == "nt":
        pytest.skip("there is no embedded server on Windows")
    # Not tmp_path: that keeps its last three directories, and this holds a database.
    home = Path(tempfile.mkdtemp(prefix="orderworks-"))
    server = EmbeddedServer(home)
    try:
        url = server.start()
        _hurry(url)
        yield url
    finally:
        server.remove()
        shutil.rmtree(home)


def _hurry(url: str) -> None:
    """No test cuts the power: what a killed process has committed is safe without waiting for a disk."""
    with psycopg.connect(url, autocommit=True) as server:
        for setting in (b"fsync", b"full_page_writes", b"synchronous_commit"):
            server.execute(b"ALTER SYSTEM SET " + setting + b" = off")
        server.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def running_redis() -> Iterator[RedisServer]:
    """A Redis server of these tests' own."""
    with redis_server() as server:
        yield server


@pytest.fixture
def redis_url(running_redis: RedisServer) -> str:
    """The address of that server, which holds nothing."""
    import redis

    redis.Redis.from_url(running_redis.url).flushall()
    return running_redis.url


@pytest.fixture(scope="session")
def fresh_database(embedded_url: str) -> Callable[[], AbstractContextManager[str]]:
    """Gives the address of an empty, migrated database, for as long as it is wanted."""
    return EmptiedDatabases(embedded_url).one


@pytest.fixture
def ledger_url(fresh_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """The address of an empty, migrated database for one test: for processes and more connections."""
    with fresh_database() as url:
        yield url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger for one test, open."""
    with open_ledger(ledger_url) as opened:
        yield opened
