"""Empty, migrated databases, each emptied after its use and used again.

A database is six hundred files: to make them takes a third of a second, to delete rows nothing. Whoever
changes more than rows leaves a database that is dropped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row

from orderworks.brokers.simulated.record_schema import create_schema
from orderworks.ledger.connection import upgrade

TEMPLATE = "test_template"

STRUCTURE = """
SELECT (SELECT md5(string_agg(format('%s %s %s', oid, relname, reloptions), ',' ORDER BY oid))
        FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'i', 'I', 'S')),
       (SELECT md5(string_agg(format('%s %s', oid, tgenabled), ',' ORDER BY oid)) FROM pg_trigger),
       (SELECT md5(string_agg(format('%s %s', oid, convalidated), ',' ORDER BY oid)) FROM pg_constraint),
       (SELECT md5(string_agg(format('%s %s', oid, md5(prosrc)), ',' ORDER BY oid))
        FROM pg_proc WHERE oid >= 16384),
       (SELECT count(*) FROM pg_attribute WHERE NOT attisdropped),
       (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        WHERE d.datname = current_database()),
       (SELECT string_agg(version_num, ',') FROM ledger.alembic_version)
"""
"""Of a database, all that is not rows of its tables, and which version of the ledger it says it is."""

EMPTY = """
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT c.oid::regclass AS name, pg_relation_size(c.oid) AS size FROM pg_class c
        WHERE c.relkind = 'r' AND c.oid >= 16384 AND pg_relation_size(c.oid) > 0
        AND c.oid <> 'ledger.alembic_version'::regclass
    LOOP
        IF one.size > 1000000 THEN
            EXECUTE format('TRUNCATE %s CASCADE', one.name);
        ELSE
            EXECUTE format('DELETE FROM %s', one.name);
        END IF;
    END LOOP;
    PERFORM setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND oid >= 16384;
END $$
"""


class EmptiedDatabases:
    """The databases of one server.

    Args:
        server: its address.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._numbers = count(1)
        self._idle: list[str] = []
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        url = self._address(TEMPLATE)
        upgrade(url)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as exchange:
            create_schema(exchange)
        with psycopg.connect(url) as template:
            self._tables = _tables(template)
            self._structure = template.execute(STRUCTURE).fetchone()

    @contextmanager
    def one(self) -> Iterator[str]:
        """The address of an empty, migrated database, for as long as it is wanted."""
        name = self._idle.pop() if self._idle else self._made()
        url = self._address(name)
        yield url
        if self._emptied(url):
            self._idle.append(name)
        else:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _made(self) -> str:
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    def _emptied(self, url: str) -> bool:
        """Empties a database; False where it is not what it was then."""
        with psycopg.connect(url, options="-c lock_timeout=5s") as database:
            database.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            # Neither triggers nor references: what may not be changed is emptied as well.
            database.execute("SET session_replication_role = replica")
            for table in _tables(database) - self._tables:
                if not table.startswith("ledger."):
                    return False
                database.execute(f"DROP TABLE {table} CASCADE".encode())
            try:
                database.execute(EMPTY)
                return database.execute(STRUCTURE).fetchone() == self._structure
            except psycopg.errors.UndefinedTable:
                return False

    def _address(self, name: str) -> str:
        return urlsplit(self._server)._replace(path=f"/{name}").geturl()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(statement.encode())


def _tables(database: psycopg.Connection) -> set[str]:
    """The tables of a database, by their schemas and names."""
    rows = database.execute(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
    )
    return {name for (name,) in rows}
