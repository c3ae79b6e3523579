"""Where an embedded database keeps its files, and to whom they belong.

An ordinary user's cluster lies in ``<home>/postgres``. PostgreSQL refuses to run as root, so
root's lies in ``/var/lib/orderworks/clusters/<id>``, where the server's own account reaches it,
and ``<home>/postgres/cluster`` holds the id.
"""

import hashlib
import os
import re
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from orderworks.ledger.private_files import (
    is_private_directory,
    make_directory,
    make_system_directory,
    write_file,
)
from orderworks.ledger.server_settings import DATABASE, PORT, ROLE
from orderworks.model.errors import LedgerUnavailable

SYSTEM_DIRECTORY = Path("/var/lib/orderworks")
SOCKET_PATH_LIMIT = {"darwin": 103}.get(sys.platform, 107)
"""The bytes that the address of a Unix socket has room for."""

COMMON_DIRECTORY = Path("/", "tmp")
"""Where a socket goes whose path is too long; the same to every process, whatever its TMPDIR."""


@dataclass(frozen=True)
class Cluster:
    """The files of one database cluster. ``data`` appears complete or not at all."""

    directory: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def unfinished(self) -> Path:
        """The data while they are being made or removed."""
        return self.directory / "data.new"

    @property
    def log(self) -> Path:
        return self.directory / "log"

    @property
    def lock(self) -> Path:
        """Held by the server's processes: free means that none of them lives."""
        return self.directory / "server.lock"

    @property
    def socket_directory(self) -> Path:
        inside = self.directory / "socket"
        path = str(inside / f".s.PGSQL.{PORT}")
        # A comma separates directories, to the server and to its clients.
        if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT and path.isprintable() and "," not in path:
            return inside
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        return COMMON_DIRECTORY / f"orderworks-{os.geteuid()}-{digest}"

    @property
    def url(self) -> str:
        """The address for libpq; the port is named so that no PGPORT changes it."""
        host = quote(str(self.socket_directory), safe="")
        return f"postgresql://{ROLE}@/{DATABASE}?host={host}&port={PORT}"


def find_cluster(home: Path) -> Cluster | None:
    """The cluster that ``home`` (an absolute path) has, or None where it has none yet.

    Raises LedgerUnavailable where the cluster is another user's, lost, or shared by a copied home.
    """
    folder = home / "postgres"
    try:
        owner = folder.stat().st_uid
    except FileNotFoundError:
        return None
    _require_own(folder, owner)
    if os.geteuid() != 0:
        return Cluster(folder)
    identity = _identity(folder)
    if identity is None:
        return None
    cluster = Cluster(SYSTEM_DIRECTORY / "clusters" / identity)
    _require_unshared(cluster, home, identity)
    return cluster


def make_cluster(home: Path, uid: int, gid: int) -> Cluster:
    """Find or make the directories of the cluster, for a server of that user and group.

    To be called with ``<home>/postgres`` made and locked.
    """
    cluster = find_cluster(home) or _new_system_cluster(home, gid)
    socket_directory = cluster.socket_directory
    if not os.path.lexists(socket_directory):
        make_directory(socket_directory, uid, gid)
    if not is_private_directory(socket_directory, uid):
        raise LedgerUnavailable(
            f"The database's socket cannot be put into {socket_directory}, which is not a directory"
            " that belongs to the server's user alone: remove it and start again."
        )
    log = os.open(cluster.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.fchown(log, uid, gid)
    finally:
        os.close(log)
    return cluster


def _new_system_cluster(home: Path, gid: int) -> Cluster:
    """Root's: the server's group may pass, and only root writes, so that no server misleads it."""
    make_system_directory(SYSTEM_DIRECTORY, 0o755)
    clusters = make_system_directory(SYSTEM_DIRECTORY / "clusters", 0o711)
    identity = secrets.token_hex(8)
    cluster = Cluster(clusters / identity)
    make_directory(cluster.directory, 0, gid)
    cluster.directory.chmod(0o710)
    # The name comes last: a home names only what was there, and what is missing then was lost.
    write_file(cluster.directory / "home", os.fsencode(home))
    write_file(home / "postgres" / "cluster", identity)
    return cluster


def _identity(folder: Path) -> str | None:
    """The id of root's cluster that ``<home>/postgres`` names."""
    path = folder / "cluster"
    try:
        identity = path.read_bytes().decode("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    if not re.fullmatch("[0-9a-f]{16}", identity):
        raise LedgerUnavailable(
            f"{path} is damaged: it should hold the name of a directory in"
            f" {SYSTEM_DIRECTORY / 'clusters'}; restore it from a backup."
        )
    return identity


def _require_own(folder: Path, owner: int) -> None:
    import pwd  # absent on Windows, where no embedded server is made

    user = os.geteuid()
    if owner != user:
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = str(owner)
        raise LedgerUnavailable(
            f"The database in {folder} belongs to the user {name}: run Orderworks as {name}, or"
            " set ORDERWORKS_HOME to a directory of your own."
        )
    foreign = folder / ("data" if user == 0 else "cluster")
    if foreign.exists():
        kind = "an ordinary user" if user == 0 else "root"
        raise LedgerUnavailable(
            f"{foreign} shows that the database of this home was made by {kind}: run Orderworks as"
            " that user, or set ORDERWORKS_HOME to another directory."
        )


def _require_unshared(cluster: Cluster, home: Path, identity: str) -> None:
    """A cluster follows its home when that moves, and is refused to a copy of it."""
    note = cluster.directory / "home"
    try:
        known = Path(os.fsdecode(note.read_bytes()))
    except FileNotFoundError:
        raise LedgerUnavailable(
            f"{home / 'postgres' / 'cluster'} names the database in {cluster.directory}, which is"
            " not there: restore it (in a container, keep /var/lib/orderworks on a volume), or"
            " remove that file to begin with an empty database."
        ) from None
    if known == home:
        return
    other = known / "postgres"
    if other.is_dir() and not other.samefile(home / "postgres") and _identity(other) == identity:
        raise LedgerUnavailable(
            f"{home} is a copy of {known}, and both name the database in {cluster.directory}:"
            f" remove {home / 'postgres' / 'cluster'} to give the copy an empty database."
        )
    write_file(note, os.fsencode(home))
