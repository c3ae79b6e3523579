"""A database for a while: made beside the configured one, and dropped whatever happens."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from orderworks.ledger.connection import upgrade
from orderworks.model.errors import LedgerUnavailable

PREFIX = "orderworks_temporary_"
_MAKING = 0x0DE5_0004


@contextmanager
def temporary_database(url: str) -> Iterator[str]:
    """The address of an empty ledger on the server of ``url``, which itself is not touched.

    It is dropped on the way out. One that a killed process has left behind, which nobody is
    connected to any more, is dropped by the next.

    Raises:
        LedgerUnavailable: if the server does not answer or does not let us make one.
    """
    name = f"{PREFIX}{uuid4().hex}"
    try:
        address = make_conninfo(url, dbname=name)
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("SELECT pg_advisory_lock(%s)", (_MAKING,))
            _drop_left_behind(server)
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            # What is lost with the machine would have been dropped anyway.
            server.execute(
                sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(
                    sql.Identifier(name)
                )
            )
            # Stays connected: that is how others see that it is in use.
            holding = psycopg.connect(address, autocommit=True)
    except psycopg.Error as error:
        raise LedgerUnavailable(
            f"a temporary database cannot be made: {str(error).strip().splitlines()[0]}; permit the "
            "user of ORDERWORKS_DATABASE_URL to create databases, or unset it to use the embedded "
            "server"
        ) from None
    try:
        upgrade(address)
        yield address
    finally:
        holding.close()
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(_drop(name, "WITH (FORCE)"))


def _drop_left_behind(server: psycopg.Connection) -> None:
    found = server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (PREFIX,)
    ).fetchall()
    for (name,) in found:
        with suppress(psycopg.errors.ObjectInUse, psycopg.errors.InsufficientPrivilege):
            server.execute(_drop(name))


def _drop(name: str, how: str = "") -> sql.Composed:
    return sql.SQL("DROP DATABASE IF EXISTS {} {}").format(sql.Identifier(name), sql.SQL(how))
