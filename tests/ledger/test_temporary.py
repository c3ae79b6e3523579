"""A temporary database is a ledger of its own, and is gone afterwards, however that comes."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from orderworks.ledger.connection import open_ledger
from orderworks.ledger.temporary import PREFIX, temporary_database
from orderworks.model.errors import LedgerUnavailable


def there(url: str) -> set[str]:
    with psycopg.connect(url) as server:
        found = server.execute("SELECT datname FROM pg_database").fetchall()
    return {name for (name,) in found if name.startswith(PREFIX)}


def test_it_is_an_empty_ledger_and_is_dropped_even_in_use(ledger_url: str) -> None:
    before = there(ledger_url)
    with temporary_database(ledger_url) as url:
        ledger = open_ledger(url)
        assert ledger.execute("SELECT * FROM accounts").fetchall() == []
        assert len(there(ledger_url) - before) == 1
    assert there(ledger_url) == before
    ledger.close()


def test_a_failure_drops_it_too(ledger_url: str) -> None:
    before = there(ledger_url)
    with pytest.raises(RuntimeError), temporary_database(ledger_url):
        raise RuntimeError
    assert there(ledger_url) == before


@pytest.mark.proof
def test_what_was_left_behind_is_dropped_and_what_is_in_use_is_not(ledger_url: str) -> None:
    left = f"{PREFIX}left"
    with psycopg.connect(ledger_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {left}".encode())
    with temporary_database(ledger_url):
        first = there(ledger_url)
        assert left not in first
        with temporary_database(ledger_url):
            assert first < there(ledger_url)


def test_a_user_who_may_not_make_one_is_told(ledger_url: str) -> None:
    with psycopg.connect(ledger_url, autocommit=True) as server:
        server.execute("CREATE ROLE temporary_tester LOGIN")
        try:
            address = make_conninfo(ledger_url, options="-c role=temporary_tester")
            with (
                pytest.raises(LedgerUnavailable, match=r"permission denied.*; permit the user"),
                temporary_database(address),
            ):
                pass
        finally:
            server.execute("DROP ROLE temporary_tester")
