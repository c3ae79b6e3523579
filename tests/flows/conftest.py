"""Flows on a small synthetic market, with a home and a ledger of each test's own."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from command_processes import CommandProcesses, Ended, Running
from forking import Forks
from gateway_process import RUNS_FAST, Process, heard, running_gateway
from prefect.client.orchestration import PrefectClient, get_client
from prefect_server import PrefectServer
from receivers import Receiver
from synthetic_day import EARLY_CLOSE, SESSION, a_whole_day, variables, write_market, write_table

from orderworks.handoffs.engine import warm

STEERED_COMMANDS = Path(__file__).with_name("steered_commands.py")

GATEWAY_SPEED = 20
"""How many times as fast as it was the market of a gateway goes."""


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The market of ``SESSION``."""
    return str(write_market(tmp_path_factory.mktemp("market"), SESSION))


@pytest.fixture(scope="session")
def short_market(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The market of ``EARLY_CLOSE``."""
    return str(write_market(tmp_path_factory.mktemp("short-market"), EARLY_CLOSE))


@pytest.fixture(scope="session")
def signals(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The signals of a whole day."""
    return write_table(tmp_path_factory.mktemp("signals") / "signals.csv", *a_whole_day())


@pytest.fixture
def environment(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An empty home, an empty ledger and a few settings are in force: the variables for it."""
    for name in [name for name in os.environ if name.startswith("ORDERWORKS_")]:
        monkeypatch.delenv(name)
    in_force = variables(ledger_url, tmp_path / "home")
    for name, value in in_force.items():
        monkeypatch.setenv(name, value)
    return in_force


@pytest.fixture
def orderworks(
    command_processes: CommandProcesses, environment: dict[str, str]
) -> Callable[..., Ended]:
    """Runs the command line in a process of its own, on the test's ledger."""

    def run(*arguments: str, **others: str) -> Ended:
        return command_processes.run(*arguments, environment=environment | others)

    return run


@pytest.fixture
def starts(
    command_processes: CommandProcesses, environment: dict[str, str]
) -> Callable[..., Running]:
    """Starts the command line in a process of its own, on the test's ledger."""

    def start(*arguments: str, **others: str) -> Running:
        return command_processes.start(*arguments, environment=environment | others)

    return start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A Prefect server that outlives the runs, with all its services."""
    with PrefectServer(tmp_path_factory.mktemp("prefect")) as started:
        # A first run would import for so long on a busy machine that it may lose its lease.
        warm()
        yield started


@pytest.fixture
def stoppable_server(tmp_path: Path) -> Iterator[PrefectServer]:
    """One that a test may stop and start again; runs in this process report to it.

    Not the one that tests share: after a restart Prefect's client sends its last events again, and a
    server on SQLite then drops the next ones with them (one on PostgreSQL does not).
    """
    with PrefectServer(tmp_path / "prefect") as started, started.in_use():
        yield started


@pytest.fixture
def in_use(server: PrefectServer) -> Iterator[None]:
    """Runs in this process report to that server."""
    with server.in_use():
        yield


@pytest_asyncio.fixture
async def client(in_use: None) -> AsyncIterator[PrefectClient]:
    """A client of that server."""
    async with get_client() as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook receiver."""
    with Receiver() as started:
        yield started


@pytest.fixture
def hooked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The receiver as the settings' webhook."""
    monkeypatch.setenv("ORDERWORKS_WEBHOOK_URL", receiver.url)
    return receiver


@pytest.fixture
def dear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything that costs at all is a breach."""
    monkeypatch.setenv("ORDERWORKS_QUALITY__ALERT_SLIPPAGE_BPS", "0.01")


@pytest.fixture(scope="session")
def steered_commands(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """The command line at a gateway whose market stands but while a command waits."""
    environment, directory = {"PREFECT_API_URL": prefect_api}, tmp_path_factory.mktemp("steered")
    with Forks(str(STEERED_COMMANDS), environment, directory) as processes:
        yield processes


@pytest.fixture
def gateway_process(environment: dict[str, str], market: str) -> Iterator[Process]:
    """A gateway as a process, whose market begins with the open of the session."""
    with running_gateway(environment, market, GATEWAY_SPEED) as process:
        yield process


@pytest.fixture
def at_gateway(gateway_process: Process) -> dict[str, str]:
    """The settings that lead to the gateway."""
    return RUNS_FAST | {"ORDERWORKS_BROKER__IBKR__PORT": heard(gateway_process)}
