"""What the embedded server is told: its settings, who may connect and as whom.

Pure text. The files are written at every start, so that a home may move and a user be renamed;
a person's own settings belong into ``ALTER SYSTEM``, which prevails over these.
"""

from collections.abc import Iterable
from pathlib import Path

ROLE = "orderworks"
DATABASE = "orderworks"
PORT = 5432
"""No port is opened: the number is a part of the socket's name."""

SETTINGS: dict[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "hba_file": "pg_hba.conf",
    "ident_file": "pg_ident.conf",
    "max_connections": "100",
    # Durable: what was committed is there after a crash.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # Quick: few checkpoints, no compilation of short queries.
    "shared_buffers": "256MB",
    "wal_buffers": "32MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    # What is worked on is in memory: some thousands of rows of a large table are found by its index.
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The log is never rotated, so that routine has no place in it.
    "log_checkpoints": "off",
}

HOST_BASED_AUTHENTICATION = f"local all {ROLE} peer map=owner\n"
"""pg_hba.conf: through the socket, as the one role, for the users of the map; nothing else."""


def postgresql_conf(socket_directory: Path) -> str:
    """The server's settings: what initdb found out about the machine, then ours."""
    settings = SETTINGS | {"unix_socket_directories": str(socket_directory)}
    lines = [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    return "\n".join(["include 'data/postgresql.conf'", *lines, ""])


def ident_map(users: Iterable[str]) -> str:
    """pg_ident.conf: the users of the operating system who may act as the role."""
    doubled = (user.replace('"', '""') for user in users)
    return "".join(f'owner "{user}" {ROLE}\n' for user in doubled)


def _quoted(value: str) -> str:
    """The value as postgresql.conf spells a string."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
