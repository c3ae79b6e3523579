"""The exchange's tables are made by whoever needs them first, also where two need them at once."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import psycopg
from psycopg.rows import dict_row

from orderworks.brokers.simulated.record_schema import create_schema, reached_by


def test_two_that_make_the_tables_at_once_make_them_once(ledger_url: str) -> None:
    """One has made them and not committed that, when another comes."""
    with (
        psycopg.connect(ledger_url, row_factory=dict_row) as first,
        psycopg.connect(ledger_url, autocommit=True, row_factory=dict_row) as watcher,
        ThreadPoolExecutor() as threads,
    ):
        watcher.execute("DROP SCHEMA exchange CASCADE")
        create_schema(first)
        second = threads.submit(reached_by, ledger_url, "SIM1")
        _until_somebody_waits(watcher)
        first.commit()
        assert second.result(timeout=30) is None


def test_a_table_that_came_later_is_made_in_a_database_that_had_the_others(ledger_url: str) -> None:
    with psycopg.connect(ledger_url, autocommit=True, row_factory=dict_row) as connection:
        create_schema(connection)
        connection.execute("DROP TABLE exchange.laggards")
        create_schema(connection)
        assert not connection.execute("SELECT * FROM exchange.laggards").fetchall()


def _until_somebody_waits(watcher: psycopg.Connection[dict[str, int]]) -> None:
    end = monotonic() + 30
    while monotonic() < end:
        found = watcher.execute(
            "SELECT count(*) AS n FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
        if found is not None and found["n"]:
            return
        sleep(0.01)
    raise AssertionError("the second did not wait for the first")
