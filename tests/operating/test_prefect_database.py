"""The Prefect server's database, beside the ledger's."""

import psycopg
import pytest
from sqlalchemy import make_url

from flows.operating.database import SUFFIX, has_trigrams, prefect_database, sqlalchemy_url


@pytest.mark.parametrize(
    ("address", "host", "query"),
    [
        ("postgresql://me@/ledger?host=%2Frun%2Fpg&port=5432", None, {"host": "/run/pg"}),
        (
            "postgresql://me:s%40fe@db.example:5433/ledger?sslmode=require",
            "db.example",
            {"ssl": "require"},
        ),
        ("host=db.example user=me password=s@fe port=5433 dbname=ledger", "db.example", {}),
    ],
)
def test_libpqs_address_as_sqlalchemy_takes_it(address: str, host: str, query: object) -> None:
    url = make_url(sqlalchemy_url(address, "ledger_prefect"))
    assert url.drivername == "postgresql+asyncpg"
    assert (url.host, url.username, url.database) == (host, "me", "ledger_prefect")
    assert url.password in {None, "s@fe"}
    assert url.query == query
    assert url.port == (5433 if host else None)


@pytest.mark.proof
def test_it_is_made_once(ledger_url: str) -> None:
    name = f"{psycopg.conninfo.conninfo_to_dict(ledger_url)['dbname']}{SUFFIX}"
    try:
        assert prefect_database(ledger_url) == prefect_database(ledger_url)
        with psycopg.connect(ledger_url) as server:
            found = server.execute("SELECT count(*) FROM pg_database WHERE datname = %s", (name,))
            assert found.fetchone() == (1,)
    finally:
        with psycopg.connect(ledger_url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name}".encode())


def test_whether_its_server_knows_trigrams(ledger_url: str) -> None:
    with psycopg.connect(ledger_url) as server:
        known = server.execute("SELECT name FROM pg_available_extensions").fetchall()
    assert has_trigrams(ledger_url) == (("pg_trgm",) in known)
