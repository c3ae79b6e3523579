"""``orderworks up`` on a home and a ledger of these tests' own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from operating_house import READY, Server, Up, free_port, running_up
from synthetic_day import SESSION, variables, write_market

from flows.operating.database import SUFFIX


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The market of ``SESSION``."""
    return str(write_market(tmp_path_factory.mktemp("market"), SESSION))


@pytest.fixture(scope="module")
def in_force(
    fresh_database: Callable[[], AbstractContextManager[str]],
    embedded_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, str]]:
    """The variables of an empty home and an empty ledger; the server's database goes with it."""
    with fresh_database() as url:
        yield variables(url, tmp_path_factory.mktemp("home"))
        with psycopg.connect(embedded_url, autocommit=True) as server:
            name = f"{psycopg.conninfo.conninfo_to_dict(url)['dbname']}{SUFFIX}"
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


@pytest.fixture(scope="module")
def home(in_force: dict[str, str]) -> Path:
    return Path(in_force["ORDERWORKS_HOME"])


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def up(
    in_force: dict[str, str], port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Up]:
    """A running ``up`` that is ready."""
    directory = tmp_path_factory.mktemp("work")
    with running_up(in_force, "--port", str(port), directory=directory) as started:
        started.wait_until_it_says(READY)
        yield started


@pytest.fixture
def server(up: Up, port: int) -> Server:
    """The server of ``up``."""
    return Server(f"http://127.0.0.1:{port}/api")
