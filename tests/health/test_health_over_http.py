"""What a monitor is answered, by a real server about a real ledger."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from served_health import Proxy, in_parallel, served

from orderworks.ledger.accounts import open_account
from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import Ledger, head, open_for_reading
from orderworks.ledger.controls import EVERY_ACCOUNT, resume, throw_kill_switch
from orderworks.ledger.leases import take_lease
from orderworks.ledger.runs import finish_run, start_run

ACCOUNT = "SIM1"
SESSION = date(2026, 11, 20)
STALLED_SECONDS = 1.0


@pytest.fixture
def books(ledger: Ledger) -> Ledger:
    """An account whose daily run is done."""
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    run = start_run(ledger, ACCOUNT, "daily:2026-11-20", "daily", SESSION, {})
    finish_run(ledger, run, "DONE", "3 orders, 3 filled")
    return ledger


@pytest.fixture
def proxy(books: Ledger, ledger_url: str, tmp_path: Path) -> Iterator[Proxy]:
    opened = Proxy(ledger_url, tmp_path)
    yield opened
    opened.close()


def test_a_sound_installation(books: Ledger, ledger_url: str) -> None:
    assert take_lease(books, ACCOUNT, "process 1 on here", 60) is not None
    with served(ledger_url) as monitor:
        status, answer = monitor.get()
    assert status == 200, answer
    assert set(answer) == {"sound", "seconds", "ledger", "findings", "accounts"}
    assert answer["sound"] is True
    told = answer["ledger"]
    assert (told["reachable"], told["schema"], told["expected_schema"]) == (True, head(), head())
    assert [(one["level"], one["subject"]) for one in answer["findings"]] == [
        ("ok", "ledger"),
        ("ok", "account"),
    ]
    (account,) = answer["accounts"]
    assert account["lease_holder"] == "process 1 on here"
    assert (account["killed"], account["open_orders"], account["open_breaks"]) == (False, 0, 0)
    assert (account["untold_alerts"], account["untold_lag_seconds"]) == (0, None)
    run = account["last_runs"]["daily"]
    assert (run["session"], run["state"], run["message"]) == (
        "2026-11-20",
        "DONE",
        "3 orders, 3 filled",
    )
    assert run["finished_at"].endswith("Z")


def test_what_is_not_sound_is_503_until_it_is(books: Ledger, ledger_url: str) -> None:
    with served(ledger_url) as monitor:
        throw_kill_switch(books, EVERY_ACCOUNT, "the feed is wrong")
        status, answer = monitor.get()
        assert status == 503
        failing = [one for one in answer["findings"] if one["level"] == "fails"]
        assert [(one["subject"], one["account"]) for one in failing] == [("kill_switch", ACCOUNT)]
        assert "the feed is wrong" in failing[0]["sentence"]
        resume(books, EVERY_ACCOUNT, "the feed is right again")
        assert monitor.get()[0] == 200


def test_the_lag_of_untold_alerts_is_by_the_databases_clock(books: Ledger, ledger_url: str) -> None:
    # Of a replayed session, years ago: what counts is when it was stored.
    at = datetime(2024, 11, 21, 15, tzinfo=UTC)
    raise_alerts(books, ACCOUNT, [Alert("slippage", "slippage:1", "12.5 bps", at)])
    with served(ledger_url) as monitor:
        status, answer = monitor.get()
        assert status == 200
        assert 0 <= answer["accounts"][0]["untold_lag_seconds"] < 60
        books.execute("UPDATE alerts SET recorded_at = recorded_at - interval '1 hour'")
        status, answer = monitor.get()
    assert status == 503
    assert answer["accounts"][0]["untold_lag_seconds"] >= 3600
    assert "nobody was told of 1 alert, the oldest for 1:0" in answer["findings"][1]["sentence"]


def test_only_the_one_question_can_be_asked(books: Ledger, ledger_url: str) -> None:
    with served(ledger_url) as monitor:
        assert monitor.ask("HEAD", "/health") == 200
        assert monitor.ask("POST", "/health") == 405
        assert monitor.ask("GET", "/docs") == 404


def test_nothing_is_written(books: Ledger, ledger_url: str) -> None:
    with (
        open_for_reading(ledger_url, 30) as reading,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        reading.execute("DELETE FROM alerts")


def test_a_database_without_a_ledger_is_left_as_it_is(embedded_url: str) -> None:
    with psycopg.connect(embedded_url, autocommit=True) as server:
        server.execute("DROP SCHEMA IF EXISTS ledger CASCADE")
        with served(embedded_url) as monitor:
            status, answer = monitor.get()
        there = server.execute("SELECT to_regnamespace('ledger')").fetchone()
    assert status == 503
    assert answer["ledger"]["reachable"] is True
    assert answer["ledger"]["schema"] is None
    assert answer["findings"][0]["subject"] == "schema"
    assert there == (None,)


def test_a_ledger_of_another_schema_is_not_read(books: Ledger, ledger_url: str) -> None:
    books.execute("UPDATE alembic_version SET version_num = '9999'")
    with served(ledger_url) as monitor:
        status, answer = monitor.get()
    assert (status, answer["ledger"]["schema"]) == (503, "9999")


def test_a_database_that_is_away_is_told_of(tmp_path: Path) -> None:
    with served(f"postgresql:///ledger?host={tmp_path}") as monitor:
        status, answer = monitor.get()
    assert status == 503
    assert answer["ledger"]["reachable"] is False
    assert answer["accounts"] == []
    assert "the ledger's database does not answer" in answer["findings"][0]["sentence"]


def test_a_database_that_hangs_costs_the_bound_and_is_read_again_when_it_is_back(
    proxy: Proxy,
) -> None:
    with served(proxy.url, answer_seconds=STALLED_SECONDS) as monitor:
        proxy.stalls = True
        begun = time.monotonic()
        answers = in_parallel(20, monitor.get)
        took = time.monotonic() - begun
        assert {status for status, _ in answers} == {503}
        # The bound, and what the HTTP of twenty takes on a busy machine.
        assert took < STALLED_SECONDS + 4
        assert max(answer["seconds"] for _, answer in answers) < STALLED_SECONDS + 1
        assert answers[0][1]["ledger"]["reachable"] is False
        proxy.stalls = False
        _until_sound(monitor)


def test_a_line_that_breaks_in_the_middle_of_a_question_is_cut(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orderworks.health import looking

    asked = looking.read_books

    def stall_then_ask(*arguments: object) -> object:
        proxy.stalls = True
        return asked(*arguments)

    with served(proxy.url, answer_seconds=STALLED_SECONDS) as monitor:
        with monkeypatch.context() as patched:
            patched.setattr(looking, "read_books", stall_then_ask)
            status, answer = monitor.get()
            assert (status, answer["ledger"]["reachable"]) == (503, False)
        proxy.stalls = False
        _until_sound(monitor)


def test_a_table_that_is_locked_is_not_waited_for(books: Ledger, ledger_url: str) -> None:
    with served(ledger_url, answer_seconds=STALLED_SECONDS) as monitor:
        with books.transaction():
            books.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
            status, answer = monitor.get()
            assert (status, answer["ledger"]["reachable"]) == (503, False)
        _until_sound(monitor)


def _until_sound(monitor: object) -> None:
    """The line that hung is given up within another bound; the next one is sound."""
    given_up_at = time.monotonic() + 60
    while monitor.get()[0] != 200:
        assert time.monotonic() < given_up_at
        time.sleep(0.1)
