"""``orderworks up`` on a home and a ledger of these tests' own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from caught_run import FAST, CaughtRun, start
from gateway_process import RUNS_FAST, Process, heard, running_gateway
from operating_house import READY, Server, Up, free_port, running_up
from synthetic_day import SESSION, a_whole_day, variables, write_market, write_table

from flows.operating.database import SUFFIX
from orderworks.ledger.connection import Ledger

MANY_SLICES = {"ORDERWORKS_ROUTER__TWAP_NUM_SLICES": "12"}


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
    """A running ``up`` that is ready, and starts nothing by itself.

    At the hour of its schedule an end of the day would end that of a test.
    """
    directory = tmp_path_factory.mktemp("work")
    with running_up(in_force, "--port", str(port), directory=directory) as started:
        started.wait_until_it_says(READY)
        Server(f"http://127.0.0.1:{port}/api").keep_still()
        yield started


@pytest.fixture(scope="module")
def signals(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The signals of a whole day."""
    return write_table(tmp_path_factory.mktemp("signals") / "signals.csv", *a_whole_day())


@pytest.fixture
def daily(market: str, signals: str) -> dict[str, str]:
    """The parameters of a daily run that trades them."""
    return {"session": str(SESSION), "market": market, "signals": signals}


@pytest.fixture
def own_ledger(ledger_url: str) -> dict[str, str]:
    """The variables of a run that shall trade on the test's own ledger, and exchange."""
    return {"ORDERWORKS_DATABASE_URL": ledger_url}


@pytest.fixture
def server(up: Up, port: int) -> Server:
    """The server of ``up``."""
    return Server(f"http://127.0.0.1:{port}/api")


@pytest.fixture
def gateway(
    in_force: dict[str, str], own_ledger: dict[str, str], market: str
) -> Iterator[tuple[Process, dict[str, str]]]:
    """A broker whose market takes its time, and the variables of a run that trades there.

    There are many waves.
    """
    with running_gateway(in_force | own_ledger, market, FAST) as process:
        port = {"ORDERWORKS_BROKER__IBKR__PORT": heard(process)}
        yield process, own_ledger | RUNS_FAST | MANY_SLICES | port


@pytest.fixture
def caught(
    server: Server,
    ledger: Ledger,
    gateway: tuple[Process, dict[str, str]],
    in_force: dict[str, str],
    signals: str,
) -> CaughtRun:
    """A daily run that is in the middle of its slices at that broker."""
    return start(server, ledger, gateway, in_force, signals)
