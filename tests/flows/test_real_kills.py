"""What a run hangs on is killed under it: the exchange, the network, its own time, PostgreSQL, the disk.

Each time it waits or says in one sentence what happened, and then it, or the same command, finishes.
Judged by the exchange's own record: every order once, and the books equal to the cent.
"""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from command_processes import Ended, Running
from judging import exchange_total, require_sound_books, rows
from mid_run import MANY_SLICES, Cable, port_of, until_it_trades
from synthetic_day import SESSION

from orderworks.ledger.connection import Ledger, open_ledger, upgrade
from orderworks.ledger.embedded import EmbeddedServer
from orderworks.ledger.server_files import Cluster, find_cluster
from orderworks.ledger.server_programs import programs_for, server_account

pytestmark = pytest.mark.proof

Starts = Callable[..., Running]

DISK_MEGABYTES = 100
"""A new database takes about half of that."""


@pytest.fixture(scope="session")
def daily(market: str, signals: str) -> tuple[str, ...]:
    """The command."""
    asked = ("--session", str(SESSION), "--signals", signals, "--market", market)
    return ("run", "daily", *asked)


@pytest.fixture
def serves(starts: Starts, market: str) -> Iterator[Callable[[int], Running]]:
    """Starts the exchange in a process of its own, at a port or at any."""
    served: list[Running] = []

    def serve(port: int = 0) -> Running:
        asked = ("--market", market, "--session", str(SESSION), "--port", str(port))
        served.append(starts("exchange", "serve", *asked))
        port_of(served[-1])
        return served[-1]

    yield serve
    for exchange in served:
        with suppress(ProcessLookupError):
            exchange.send_signal(signal.SIGKILL)


def at_port(port: int, patience_seconds: float = 30, **others: str) -> dict[str, str]:
    """The settings of a run that trades at a served exchange."""
    return {
        **MANY_SLICES,
        "ORDERWORKS_BROKER__SIMULATED__SERVER": f"127.0.0.1:{port}",
        "ORDERWORKS_BROKER__PATIENCE_SECONDS": str(patience_seconds),
        **others,
    }


def kill(process: Running) -> None:
    process.send_signal(signal.SIGKILL)
    assert process.wait().status == -signal.SIGKILL


def require_told(ended: Ended, *sentences: str) -> None:
    """It failed with one sentence on standard error, which says this."""
    assert ended.status == 1, ended
    told = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    assert len(told) == 1, ended.err
    assert ended.err.splitlines()[-1] == told[0]
    assert "Traceback" not in ended.err
    for sentence in sentences:
        assert sentence in told[0]


def require_finished(ended: Ended, ledger: Ledger) -> None:
    assert ended.status == 0, ended
    assert "orders filled" in ended.out
    assert rows(ledger, "SELECT state FROM runs") == [{"state": "DONE"}]
    require_sound_books(ledger)


# The exchange ------------------------------------------------------------------------------------


def test_a_run_waits_for_an_exchange_that_is_killed_and_comes_back(
    daily: tuple[str, ...], starts: Starts, serves: Callable[..., Running], ledger: Ledger
) -> None:
    exchange = serves()
    port = port_of(exchange)
    run = starts(*daily, **at_port(port))
    until_it_trades(ledger, run)
    kill(exchange)
    time.sleep(0.5)
    assert run.status is None, run.err
    sent = exchange_total(ledger).orders
    serves(port)
    ended = run.wait()
    require_finished(ended, ledger)
    assert "it is tried again for 30 s" in ended.err
    assert exchange_total(ledger).orders > sent


def test_a_run_gives_up_on_an_exchange_that_stays_away_and_the_same_command_finishes(
    daily: tuple[str, ...], starts: Starts, serves: Callable[..., Running], ledger: Ledger
) -> None:
    exchange = serves()
    port = port_of(exchange)
    run = starts(*daily, **at_port(port, 2))
    until_it_trades(ledger, run)
    kill(exchange)
    require_told(
        run.wait(),
        "the broker was waited for 2 s (broker.patience_seconds) in vain: ",
        f"the simulated exchange at 127.0.0.1:{port} cannot be reached",
        "start it with 'orderworks exchange serve'",
        "then run the same command again",
    )
    sent = exchange_total(ledger).orders
    again = starts(*daily, **at_port(port, 2)).wait()
    require_told(again, f"127.0.0.1:{port} cannot be reached")
    serves(port)
    require_finished(starts(*daily, **at_port(port)).wait(), ledger)
    assert exchange_total(ledger).orders > sent


# The network -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_run_whose_line_is_cut_again_and_again_finishes_by_itself(
    daily: tuple[str, ...],
    starts: Starts,
    serves: Callable[..., Running],
    ledger: Ledger,
    seed: int,
) -> None:
    cable = Cable(port_of(serves()), seed)
    ended = starts(*daily, **at_port(cable.port)).wait()
    cable.close()
    require_finished(ended, ledger)
    assert cable.cuts > 3
    assert "the broker answers again" in ended.err


# Its own time ------------------------------------------------------------------------------------


def test_a_run_that_was_stopped_past_its_lease_sends_and_books_nothing_more_and_says_why(
    daily: tuple[str, ...], starts: Starts, serves: Callable[..., Running], ledger: Ledger
) -> None:
    short = at_port(port_of(serves()), ORDERWORKS_LEASE__TTL_SECONDS="4")
    stale = starts(*daily, **short)
    until_it_trades(ledger, stale)
    stale.send_signal(signal.SIGSTOP)
    heir = starts(*daily, **short)
    ended = heir.wait()
    require_finished(ended, ledger)
    assert f"is worked by process {stale.pid} on " in ended.err
    before = _everything(ledger)
    stale.send_signal(signal.SIGCONT)
    told = stale.wait()
    # Stopped inside a transaction it was cut off, as the heir waited for its locks.
    if "idle-in-transaction timeout" not in told.err:
        require_told(told, f"is now worked by process {heir.pid} on ", "books nothing more")
    assert _everything(ledger) == before
    assert rows(ledger, "SELECT state FROM runs") == [{"state": "DONE"}]


def _everything(ledger: Ledger) -> list[object]:
    """What was sent, booked and traded, by both sides."""
    tables = ("order_events", "send_attempts", "fills", "exchange.orders", "exchange.fills")
    return [rows(ledger, f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]


# PostgreSQL ---------------------------------------------------------------------------------------


def test_a_run_whose_database_is_stopped_at_once_says_so_and_the_same_command_finishes(
    daily: tuple[str, ...], starts: Starts, own_database: EmbeddedServer
) -> None:
    home = at_home(own_database)
    run = starts(*daily, **home)
    with open_ledger(own_database.url) as ledger:
        until_it_trades(ledger, run)
        stop_immediately(own_database)
    require_told(run.wait(), "the ledger's database broke off: ", "repeat the command")
    # Nobody starts it by hand.
    ended = starts(*daily, **home).wait()
    with open_ledger(own_database.url) as ledger:
        require_finished(ended, ledger)


def test_a_run_whose_disk_is_full_says_so_and_finishes_when_there_is_room(
    daily: tuple[str, ...], starts: Starts, small_disk: Path, own_database: EmbeddedServer
) -> None:
    home = at_home(own_database)
    run = starts(*daily, **home)
    ballast = small_disk / "ballast"
    with open_ledger(own_database.url) as ledger:
        until_it_trades(ledger, run)
        fill_up(ballast)
    require_told(run.wait(), "the disk of the ledger's database is full", "repeat the command")
    again = starts(*daily, **home).wait()
    assert again.status == 1, again
    ballast.unlink()
    ended = starts(*daily, **home).wait()
    with open_ledger(own_database.url) as ledger:
        require_finished(ended, ledger)


@pytest.fixture
def own_database() -> Iterator[EmbeddedServer]:
    """A server of this test's own, with an empty ledger, durable as it is for a user."""
    home = Path(tempfile.mkdtemp(prefix="orderworks-"))
    server = EmbeddedServer(home)
    upgrade(server.start())
    yield server
    server.remove()
    shutil.rmtree(home)


@pytest.fixture
def small_disk(own_database: EmbeddedServer) -> Iterator[Path]:
    """The server's data on a file system that holds little more than them."""
    data = cluster_of(own_database).data
    own_database.stop()
    aside = data.with_name("data.aside")
    subprocess.run(["cp", "-a", data, aside], check=True)
    options = f"size={DISK_MEGABYTES}m,mode=0700,uid={data.stat().st_uid},gid={data.stat().st_gid}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(data)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        subprocess.run(["cp", "-a", f"{aside}/.", data], check=True)
        own_database.start()
        yield data
        own_database.stop()
    finally:
        subprocess.run(["umount", data], check=True)


def at_home(server: EmbeddedServer) -> dict[str, str]:
    """The settings of a run on a home with a server of its own."""
    return {**MANY_SLICES, "ORDERWORKS_HOME": str(server.home), "ORDERWORKS_DATABASE_URL": ""}


def cluster_of(server: EmbeddedServer) -> Cluster:
    cluster = find_cluster(server.home)
    assert cluster is not None
    return cluster


def stop_immediately(server: EmbeddedServer) -> None:
    """As if the machine had lost its power: no process of it says goodbye."""
    account, cluster = server_account(), cluster_of(server)
    stop = ("stop", "-D", "data", "-m", "immediate", "-s")
    done = account.run(programs_for(account) / "pg_ctl", stop, cluster.directory)
    assert done.returncode == 0, done.stderr


def fill_up(path: Path) -> None:
    """Writes until there is no room left."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
