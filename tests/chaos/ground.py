"""What the worlds of one process stand on, one after another: a database, and a recorded market."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from working_orders import SESSION

from chaos.orders import LISTINGS
from orderworks.brokers.simulated.record_schema import create_schema
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.embedded import EmbeddedServer
from orderworks.ledger.server_files import find_cluster
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.market.synthetic import write_session

DAY = require_session(SESSION)

SETTINGS = {
    # No seed cuts the power: what was committed outlives the server without waiting for a disk.
    "fsync": "off",
    "full_page_writes": "off",
    # What sorts a table anew, or knows more of it, at any moment would be another story each time.
    "autovacuum": "off",
    # All of it is looked through for each table that is emptied.
    "shared_buffers": "'16MB'",
}


@dataclass(slots=True)
class Ground:
    """A database for one world at a time, and the market that each of them replays.

    Attributes:
        ledger: a connection that is no process's of the world: it looks on.
        restart: what restarts the database's server for good; None where it is others' too.
    """

    url: str
    market: ReplayMarket
    ledger: Ledger
    restart: Callable[[], None] | None = None

    def clear(self) -> None:
        """Empties the database, for the next world."""
        create_schema(self.ledger)
        tables = self.ledger.execute(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
            "WHERE schemaname IN ('ledger', 'exchange') AND tablename <> 'alembic_version'"
        ).fetchall()
        with self.ledger.transaction():
            # The ledger's triggers let nobody forget.
            self.ledger.execute("SET LOCAL session_replication_role = replica")
            names = ", ".join(row["name"] for row in tables)
            self.ledger.execute(f"TRUNCATE {names} RESTART IDENTITY".encode())

    def cut_everyone(self, *, for_good: bool) -> None:
        """Restarts the database, as far as its clients can tell; ``for_good`` its server as well."""
        if for_good and self.restart is not None:
            self.ledger.close()
            self.restart()
            self.ledger = open_ledger(self.url)
            return
        ended = self.ledger.execute(
            "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
        self.wait_for_ends([row["pid"] for row in ended])

    def wait_for_ends(self, backends: Collection[int]) -> None:
        """Returns when none of these processes of the server serves anyone any more."""
        while self.ledger.execute(
            "SELECT 1 FROM pg_stat_activity WHERE pid = ANY(%s) LIMIT 1", (list(backends),)
        ).fetchone():
            time.sleep(0.0005)


def write_market(directory: Path) -> Path:
    """The market that every world replays, the same whenever it is written."""
    write_session(directory, DAY, LISTINGS, seed=1, earlier_sessions=1)
    return directory


@contextmanager
def own_ground(market: Path) -> Iterator[Ground]:
    """A ground with a server of its own, which is removed after it."""
    # Not where the system may keep it for long: this holds a database.
    home = Path(tempfile.mkdtemp(prefix="orderworks-"))
    server = EmbeddedServer(home)
    try:
        url = server.start()
        with psycopg.connect(url, autocommit=True) as connection:
            for name, value in SETTINGS.items():
                connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
        server.stop()
        server.start()
        ground = Ground(
            url, ReplayMarket(market, SESSION), open_ledger(url), lambda: _restart(server, home)
        )
        yield ground
        ground.ledger.close()
    finally:
        server.remove()
        shutil.rmtree(home, ignore_errors=True)


def _restart(server: EmbeddedServer, home: Path) -> None:
    """Ends the server at once, without a checkpoint, and starts it on what it had committed."""
    cluster = find_cluster(home)
    assert cluster is not None
    pid = int((cluster.data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGQUIT)
    while (cluster.data / "postmaster.pid").exists() and _lives(pid):
        time.sleep(0.005)
    server.start()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
