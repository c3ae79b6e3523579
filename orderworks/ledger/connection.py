"""Opening the ledger: which database, on which schema version.

The ledger speaks psycopg directly: COPY, ``unnest`` and row locks carry the work, and an ORM
between would hide them. SQLAlchemy serves Alembic's migrations.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from orderworks.ledger.embedded import EmbeddedServer
from orderworks.model.errors import LedgerUnavailable
from orderworks.model.secret import passwords_of, without

Ledger = psycopg.Connection[DictRow]
"""An open ledger, in autocommit: every write says where its transaction begins and ends.

Where it is asked about names by the thousand they go in binary, as ``%b``: in text each is looked through
for what must be quoted, which costs four times as much.
"""

MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x0DE5_0001

CONNECT_SECONDS = 10

LONGEST_PAUSE_MS = 10_000
"""A process that stops inside a transaction this long is cut off: others wait for its locks."""


def named_database_url(environ: Mapping[str, str] | None = None) -> str | None:
    """The database that ``ORDERWORKS_DATABASE_URL`` names; None where it is the embedded server."""
    return (os.environ if environ is None else environ).get("ORDERWORKS_DATABASE_URL") or None


def database_url(home: Path, environ: Mapping[str, str] | None = None) -> str:
    """The database in force: ``ORDERWORKS_DATABASE_URL``, or the embedded server, started if need be."""
    return named_database_url(environ) or EmbeddedServer(home).start()


def existing_database_url(home: Path) -> str:
    """The database in force as ``database_url`` names it; the embedded server is not started.

    Raises:
        LedgerUnavailable: if it was never made.
    """
    return named_database_url() or EmbeddedServer(home).url


def open_ledger(url: str) -> Ledger:
    """Connects and brings the schema up to date.

    Raises:
        LedgerUnavailable: if the database does not answer, or is newer than this program.
    """
    ledger = _connect(url)
    try:
        if schema_version(ledger) != head():
            upgrade(url)
        ledger.execute("SET search_path = ledger")
    except BaseException:
        ledger.close()
        raise
    return ledger


def open_for_reading(url: str, seconds: float) -> Ledger:
    """Connects to what is there, whatever its schema: nothing can be written, nothing is migrated.

    Args:
        seconds: that connecting, and each question and each wait for a lock, may take.

    Raises:
        LedgerUnavailable: if the database does not answer.
    """
    limit = max(1, round(seconds * 1000))
    return _connect(
        url,
        f"-c default_transaction_read_only=on -c statement_timeout={limit} -c lock_timeout={limit} "
        "-c search_path=ledger",
        seconds,
    )


def head() -> str:
    """The newest schema version that this program knows."""
    return max(path.stem.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def upgrade(url: str) -> str:
    """Runs the migrations that are missing, one process at a time; returns the version reached."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, pool

    with _connect(url) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_UPGRADE_LOCK,))
        version = schema_version(guard)
        if version is not None and version > head():
            raise LedgerUnavailable(
                f"the ledger has schema {version}, newer than this program's {head()}; "
                "install the Orderworks that wrote it"
            )
        guard.execute("CREATE SCHEMA IF NOT EXISTS ledger")
        engine = create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=pool.NullPool
        )
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return head()


def _connect(url: str, options: str = "", seconds: float = CONNECT_SECONDS) -> Ledger:
    try:
        return psycopg.connect(
            url,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=max(1, round(seconds)),
            options=f"-c timezone=UTC -c idle_in_transaction_session_timeout={LONGEST_PAUSE_MS} {options}",
        )
    except psycopg.Error as error:
        # The driver quotes an address that it cannot read, and the address may hold a password.
        first_line = without(str(error).strip().splitlines()[0], passwords_of(url))
        raise LedgerUnavailable(
            f"the ledger's database does not answer: {first_line}; start it, or correct "
            "ORDERWORKS_DATABASE_URL, or unset it to use the embedded server"
        ) from None


def schema_version(ledger: psycopg.Connection[Any]) -> str | None:
    """The schema that a ledger has, or None before its first."""
    row = ledger.execute("SELECT to_regclass('ledger.alembic_version') AS found").fetchone()
    if row is None or row["found"] is None:
        return None
    found = ledger.execute("SELECT version_num FROM ledger.alembic_version").fetchone()
    return None if found is None else str(found["version_num"])
