"""The exchange's tables, which make themselves; and how far an account has come in them."""

from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

_SCHEMA_IN_THE_MAKING = 0x0DE5_0004


def create_schema(connection: psycopg.Connection[Any]) -> None:
    """Makes the exchange's tables where they are missing, one process at a time."""
    if _is_made(connection):
        return
    with connection.transaction():
        # IF NOT EXISTS is no guard against another who makes the same and has not committed it.
        connection.execute("SET LOCAL lock_timeout = 0")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_IN_THE_MAKING,))
        if not _is_made(connection):
            connection.execute(Path(__file__).with_name("record.sql").read_bytes())


def _is_made(connection: psycopg.Connection[Any]) -> bool:
    found = connection.execute(
        "SELECT to_regclass('exchange.laggards') IS NOT NULL AS found"
    ).fetchone()
    return found is not None and bool(found["found"])


def reached_by(url: str, account: str) -> datetime | None:
    """The market time that the exchange has gone through for an account; None for a new one."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        create_schema(connection)
        row = connection.execute(
            "SELECT reached FROM exchange.accounts WHERE account = %s", (account,)
        ).fetchone()
    return None if row is None else row["reached"]
