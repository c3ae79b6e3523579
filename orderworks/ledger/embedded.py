"""The embedded PostgreSQL server: a database that starts by itself in the user's home.

One server serves every process of the home and outlives the one that started it. Its processes
hold an flock: while it is free none of them lives, whatever a leftover pid file says, in whatever
container; so a stale file is known for stale, and two starts make one server.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.pq import PGconn, Ping

from orderworks.ledger.private_files import (
    exclusive,
    is_private_directory,
    make_directory,
    sync,
    try_lock,
    write_file,
)
from orderworks.ledger.server_files import Cluster, find_cluster, make_cluster
from orderworks.ledger.server_programs import (
    MAJOR_VERSION,
    Account,
    programs_for,
    server_account,
)
from orderworks.ledger.server_settings import (
    DATABASE,
    HOST_BASED_AUTHENTICATION,
    PORT,
    ROLE,
    ident_map,
    postgresql_conf,
)
from orderworks.model.errors import LedgerUnavailable

CONNECT_SECONDS = 5
PATIENCE_SECONDS = 60
"""For a server that another process is starting or that is just ending."""

RECOVERY_SECONDS = 300
"""For a server that replays its log after a crash."""

INITDB_OPTIONS = (
    f"--username={ROLE}",
    "--auth=peer",
    "--encoding=UTF8",
    # Built into PostgreSQL, so that no system lacks it and no system's upgrade changes it.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-instructions",
)


class EmbeddedServer:
    """The PostgreSQL server of one home directory; any number of objects may name the same.

    Every method raises LedgerUnavailable, with one sentence, where the home cannot serve.
    """

    def __init__(self, home: Path) -> None:
        if os.name == "nt":
            raise LedgerUnavailable(
                "The embedded database does not run on Windows: set ORDERWORKS_DATABASE_URL to a"
                " PostgreSQL server."
            )
        self.home = Path(os.path.realpath(home))

    @property
    def url(self) -> str:
        """The address of the database, whether or not its server runs."""
        with _reported(self.home):
            cluster = find_cluster(self.home)
        if cluster is None:
            raise LedgerUnavailable(
                f"There is no database in {self.home} yet: it is made when it is first started."
            )
        return cluster.url

    def start(self) -> str:
        """Make the server run, if it does not, and return the database's address."""
        with _reported(self.home):
            cluster = find_cluster(self.home)
            if cluster is not None and _serves(cluster, server_account()):
                return cluster.url
            with exclusive(self._start_lock):
                return self._bring_up().url

    def stop(self) -> bool:
        """End the server, its connections with it; False if it was not running."""
        with _reported(self.home):
            cluster = find_cluster(self.home)
            if cluster is None or not cluster.data.exists():
                return False
            with exclusive(self._start_lock):
                return _shut_down(cluster)

    def remove(self) -> None:
        """End the server and delete the database with all that it holds."""
        with _reported(self.home):
            cluster = find_cluster(self.home)
            folder = self._start_lock.parent
            if not folder.exists():
                return
            with exclusive(self._start_lock):
                if cluster is not None:
                    _shut_down(cluster)
                    (folder / "cluster").unlink(missing_ok=True)
                    _delete(cluster)
                if folder.exists():
                    shutil.rmtree(folder)

    @property
    def _start_lock(self) -> Path:
        return self.home / "postgres" / "start.lock"

    def _bring_up(self) -> Cluster:
        account = server_account()
        cluster = make_cluster(self.home, account.uid, account.gid)
        lock = _lock_when_idle(cluster, unless=lambda: _serves(cluster, account))
        if lock is None:
            return cluster
        try:
            programs = programs_for(account)
            if not cluster.data.exists():
                _initialise(cluster, account, programs, lock)
            _launch(cluster, account, programs, lock)
        finally:
            os.close(lock)
        return cluster


def _serves(cluster: Cluster, account: Account) -> bool:
    """Whether a server answers behind a socket that nobody else can have put there."""
    if not is_private_directory(cluster.socket_directory, account.uid):
        return False
    address = f"{cluster.url}&connect_timeout={CONNECT_SECONDS}"
    return PGconn.ping(address.encode()) == Ping.OK


def _lock_when_idle(cluster: Cluster, unless: Callable[[], bool] = lambda: False) -> int | None:
    """The server's lock, once none of its processes lives; None if ``unless`` comes true first."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (lock := try_lock(cluster.lock)) is None:
        if unless():
            return None
        if time.monotonic() > deadline:
            raise LedgerUnavailable(
                f"PostgreSQL still has processes running in {cluster.directory} that neither answer"
                f" nor end: see {cluster.log} and end them."
            )
        time.sleep(0.02)
    return lock


def _initialise(cluster: Cluster, account: Account, programs: Path, lock: int) -> None:
    """Make the data beside their place and move them there when they are complete."""
    if cluster.unfinished.exists():
        shutil.rmtree(cluster.unfinished)
    make_directory(cluster.unfinished, account.uid, account.gid)
    name = cluster.unfinished.name
    single = ("--single", "-D", name, "-c", "exit_on_error=on", "template1")
    for program, arguments, text in (
        ("initdb", ("-D", name, *INITDB_OPTIONS), ""),
        ("postgres", single, f"ALTER DATABASE postgres RENAME TO {DATABASE};\n"),
    ):
        done = account.run(programs / program, arguments, cluster.directory, text=text, keep=[lock])
        if done.returncode != 0:
            raise _failure(cluster, "could not be created", done.stderr)
    cluster.unfinished.rename(cluster.data)
    sync(cluster.directory)


def _launch(cluster: Cluster, account: Account, programs: Path, lock: int) -> None:
    """Start the server, which holds the lock from then on."""
    _require_version(cluster)
    socket = cluster.socket_directory / f".s.PGSQL.{PORT}"
    # No process of the server lives, so these are stale, even if their pid is in use again.
    for stale in (cluster.data / "postmaster.pid", socket, Path(f"{socket}.lock")):
        stale.unlink(missing_ok=True)
    for name, content in (
        ("postgresql.conf", postgresql_conf(cluster.socket_directory)),
        ("pg_hba.conf", HOST_BASED_AUTHENTICATION),
        ("pg_ident.conf", ident_map(account.admitted)),
    ):
        write_file(cluster.directory / name, content, account.gid)
    logged = cluster.log.stat().st_size
    # pg_ctl hands its arguments to a shell: relative names need no quoting.
    done = account.run(
        programs / "pg_ctl",
        (
            *("start", "-D", "data", "-l", "log", "-s", "-t", str(RECOVERY_SECONDS)),
            *("-o", "-c config_file=postgresql.conf"),
        ),
        cluster.directory,
        keep=[lock],
    )
    if done.returncode != 0:
        with cluster.log.open("rb") as log:
            log.seek(logged)
            said = log.read().decode("utf-8", "replace")
        raise _failure(cluster, "did not start", said or done.stderr.partition("\n")[0])
    try:
        psycopg.connect(cluster.url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.OperationalError as error:
        raise _failure(cluster, "refused the connection", str(error)) from error


def _shut_down(cluster: Cluster) -> bool:
    """End the server and wait for the last of its processes; False if there was none."""
    lock = try_lock(cluster.lock)
    running = lock is None
    if running:
        account = server_account()
        account.run(
            programs_for(account) / "pg_ctl",
            ("stop", "-D", "data", "-m", "fast", "-s", "-t", str(PATIENCE_SECONDS)),
            cluster.directory,
        )
        lock = _lock_when_idle(cluster)
    if lock is not None:
        os.close(lock)
    return running


def _delete(cluster: Cluster) -> None:
    if cluster.unfinished.exists():
        shutil.rmtree(cluster.unfinished)
    if cluster.data.exists():
        # A deletion that is cut short leaves what the next start discards, never half a database.
        cluster.data.rename(cluster.unfinished)
    if cluster.socket_directory.exists():
        shutil.rmtree(cluster.socket_directory)
    shutil.rmtree(cluster.directory)


def _require_version(cluster: Cluster) -> None:
    path = cluster.data / "PG_VERSION"
    try:
        version = path.read_text().strip()
    except FileNotFoundError:
        raise LedgerUnavailable(
            f"The database in {cluster.data} is damaged: {path.name} is missing; restore it from a"
            " backup, or move it away to begin with an empty one."
        ) from None
    if version != MAJOR_VERSION:
        raise LedgerUnavailable(
            f"The database in {cluster.data} was made by PostgreSQL {version}, and this Orderworks"
            f" brings PostgreSQL {MAJOR_VERSION}: install the Orderworks that made it, or carry the"
            " data over with pg_dump."
        )


def _failure(cluster: Cluster, happened: str, said: str) -> LedgerUnavailable:
    """The error for a server that failed, with the last complaint among what it said."""
    complaints: list[str] = re.findall(r"(?:PANIC|FATAL|ERROR|error): +(.+)", said)
    lines = complaints or [line.strip() for line in said.splitlines() if line.strip()]
    reason = lines[-1] if lines else "it did not say why"
    return LedgerUnavailable(
        f"The embedded database in {cluster.directory} {happened}: {reason} (its log is"
        f" {cluster.log}). Correct that, or set ORDERWORKS_DATABASE_URL to another PostgreSQL"
        " server."
    )


@contextmanager
def _reported(home: Path) -> Iterator[None]:
    """Say in one sentence what the operating system refused."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise LedgerUnavailable(
            f"The embedded database cannot be kept in {home}: {error.strerror}{where}. Set"
            " ORDERWORKS_HOME to a directory that you can write to, or ORDERWORKS_DATABASE_URL to"
            " another PostgreSQL server."
        ) from error
