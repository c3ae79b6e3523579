"""The Prefect server's database: one of its own, on the PostgreSQL server of the ledger.

Prefect's default, SQLite, answers 'database is locked' as soon as several runs report at once.
"""

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL

from orderworks.model.errors import LedgerUnavailable

SUFFIX = "_prefect"


def prefect_database(ledger_url: str) -> str:
    """The address of the server's database, as SQLAlchemy takes it; made where it is missing.

    It is named after the ledger's, so that two ledgers on one server do not share it.

    Raises:
        LedgerUnavailable: if the user may not create it.
    """
    try:
        with psycopg.connect(ledger_url, autocommit=True) as server:
            name = f"{server.info.dbname}{SUFFIX}"
            found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if found.fetchone() is None:
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise LedgerUnavailable(
            f"the Prefect server's database cannot be made: {str(error).strip().splitlines()[0]}; "
            "permit the user of ORDERWORKS_DATABASE_URL to create databases, or name one that exists "
            "with PREFECT_SERVER_DATABASE_CONNECTION_URL"
        ) from None
    return sqlalchemy_url(ledger_url, name)


def has_trigrams(ledger_url: str) -> bool:
    """Whether the server has the extension that Prefect's indexes of names are made with."""
    with psycopg.connect(ledger_url, autocommit=True) as server:
        found = server.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        return found.fetchone() is not None


def sqlalchemy_url(libpq_url: str, database: str) -> str:
    """libpq's address of a server as SQLAlchemy's asyncpg takes it, with another database.

    A directory of sockets goes where asyncpg looks for it, and ``sslmode`` by its other name.
    """
    parts = conninfo_to_dict(libpq_url)
    host = _text(parts.get("host"))
    is_socket = host is not None and host.startswith("/")
    query = {"host": str(host)} if is_socket else {}
    if "sslmode" in parts:
        query["ssl"] = str(parts["sslmode"])
    return URL.create(
        "postgresql+asyncpg",
        username=_text(parts.get("user")),
        password=_text(parts.get("password")),
        host=None if is_socket else host,
        port=None if is_socket or not parts.get("port") else int(str(parts["port"])),
        database=database,
        query=query,
    ).render_as_string(hide_password=False)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
