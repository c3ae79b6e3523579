"""Retry, pressed in the UI on a run that ended at each of its steps: every order once, none lost.

Judged by the exchange's own record. Each test has a ledger and an exchange of its own, all share one ``up``.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from judging import Total, exchange_total, require_sound_books, rows
from operating_house import (
    ORDERWORKS,
    Server,
    Up,
    environment,
    free_port,
    outcome,
    told,
    wait_until,
)
from synthetic_day import SESSION, a_whole_day, write_table

from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.model.crash_points import VARIABLE, CrashPoint

pytestmark = pytest.mark.proof

NAME = f"daily {SESSION} · SIM1 · 6 orders"

STAYS_SECONDS = 5
"""In which what would happen by itself has begun."""

STEPS = [
    f"{CrashPoint.RUN_STARTED}:1",
    f"{CrashPoint.PLAN_BEFORE_FREEZE}:1",
    f"{CrashPoint.PLAN_FROZEN}:1",
    f"{CrashPoint.SEND_PERMITTED}:2",
    f"{CrashPoint.EXCHANGE_RECORDED}:2",
    f"{CrashPoint.SEND_ANSWERED}:2",
    f"{CrashPoint.BOOKING_COMMITTED}:2",
    f"{CrashPoint.RUN_BEFORE_DONE}:1",
]


@pytest.fixture(scope="module")
def unhurt(
    up: Up,
    port: int,
    market: str,
    signals: str,
    fresh_database: Callable[[], AbstractContextManager[str]],
) -> Iterator[Total]:
    """What reaches the exchange and is traded where nothing goes wrong."""
    server = Server(f"http://127.0.0.1:{port}/api")
    asked = {"session": str(SESSION), "market": market, "signals": signals}
    with fresh_database() as url, open_ledger(url) as ledger:
        run = server.run("daily-SIM1", {"ORDERWORKS_DATABASE_URL": url}, **asked)
        ended = server.ended(run)
        assert ended["state"]["name"] == "Completed", outcome(ended)
        yield exchange_total(ledger)


def require_complete(server: Server, run: Any, ledger: Ledger, unhurt: Total) -> None:
    """It ended well, and reached the exchange as one that nothing befell."""
    assert run["state"]["name"] == "Completed", outcome(run)
    assert "of 6 orders filled" in run["state"]["message"]
    assert run["name"] == NAME
    require_sound_books(ledger)
    assert exchange_total(ledger) == unhurt
    shown = {artifact["key"] for artifact in server.artifacts(run["id"])}
    assert {f"{what}-sim1-daily-{SESSION}" for what in ("plan", "refused", "progress")} <= shown
    assert f"quality-sim1-{SESSION}" in shown


@pytest.mark.parametrize("point", STEPS)
def test_a_run_that_died_at_a_step_is_completed_by_a_retry(
    server: Server,
    ledger: Ledger,
    own_ledger: dict[str, str],
    daily: dict[str, str],
    unhurt: Total,
    point: str,
) -> None:
    with server.variables("daily-SIM1", **{VARIABLE: point}):
        run = server.run("daily-SIM1", own_ledger, **daily)
        died = server.ended(run)
    assert died["state"]["type"] == "CRASHED", outcome(died)
    require_complete(server, server.retried(run), ledger, unhurt)


def test_two_retries_at_once_are_as_one_and_a_third_sends_nothing(
    server: Server,
    ledger: Ledger,
    own_ledger: dict[str, str],
    daily: dict[str, str],
    unhurt: Total,
) -> None:
    with server.variables("daily-SIM1", **{VARIABLE: f"{CrashPoint.SEND_ANSWERED}:2"}):
        run = server.run("daily-SIM1", own_ledger, **daily)
        server.ended(run)
    # A click that is repeated, and one that comes while the first one's run begins.
    server.retry(run)
    server.retry(run)
    server.wait_for(run, "RUNNING")
    server.retry(run)
    wait_until(lambda: rows(ledger, "SELECT 1 FROM runs WHERE state = 'DONE'") != [])
    settled(server, run)
    require_sound_books(ledger)
    assert exchange_total(ledger) == unhurt

    # Retry is offered for a completed run, too.
    again = server.retried(run)
    assert again["state"]["name"] == "Skipped", outcome(again)
    assert "is done already" in again["state"]["message"]
    assert "nothing is sent" in again["state"]["message"]
    assert exchange_total(ledger) == unhurt


def settled(server: Server, run: str) -> Any:
    """The run, once it has ended and stays so."""
    while True:
        ended = server.ended(run)
        time.sleep(STAYS_SECONDS)
        if server.flow_run(run)["state"]["id"] == ended["state"]["id"]:
            return ended


def test_a_task_that_is_retried_alone_does_nothing_before_its_run_is(
    server: Server,
    ledger: Ledger,
    own_ledger: dict[str, str],
    daily: dict[str, str],
    unhurt: Total,
) -> None:
    with server.variables("daily-SIM1", **{VARIABLE: f"{CrashPoint.SEND_PERMITTED}:2"}):
        run = server.run("daily-SIM1", own_ledger, **daily)
        server.ended(run)
    sent = exchange_total(ledger)

    def waves() -> list[Any]:
        found = server.post("/task_runs/filter", flow_runs={"id": {"any_": [run]}})
        return [task for task in found if task["name"].startswith("work wave")]

    wait_until(lambda: waves() != [])
    wave = waves()[-1]["id"]
    asked = {"type": "SCHEDULED", "name": "AwaitingRetry"}
    server.post(f"/task_runs/{wave}/set_state", state=asked, force=True)
    time.sleep(STAYS_SECONDS)
    assert exchange_total(ledger) == sent
    require_complete(server, server.retried(run), ledger, unhurt)


# What was in the way, and is mended ----------------------------------------------------------------


def test_a_signals_file_that_is_corrected(
    server: Server,
    ledger: Ledger,
    own_ledger: dict[str, str],
    daily: dict[str, str],
    unhurt: Total,
    tmp_path: Path,
) -> None:
    day = a_whole_day()
    file = write_table(tmp_path / "signals.csv", *day[:-1], day[-1] | {"strength": 7})
    run = server.run("daily-SIM1", own_ledger, **daily | {"signals": file})
    failed = server.ended(run)
    assert failed["state"]["type"] == "FAILED"
    assert "strength" in failed["state"]["message"], outcome(failed)
    assert exchange_total(ledger) == Total(0, 0)
    write_table(Path(file), *day)
    require_complete(server, server.retried(run), ledger, unhurt)


def test_a_kill_switch_that_is_taken_back(
    server: Server,
    ledger: Ledger,
    own_ledger: dict[str, str],
    in_force: dict[str, str],
    daily: dict[str, str],
    unhurt: Total,
) -> None:
    commanded = in_force | own_ledger
    told("kill", "--reason", "a drill", "--market", daily["market"], variables=commanded)
    sent = exchange_total(ledger)
    run = server.run("daily-SIM1", own_ledger, **daily)
    failed = server.ended(run)
    assert failed["state"]["type"] == "FAILED"
    assert "a drill" in failed["state"]["message"], outcome(failed)
    assert exchange_total(ledger) == sent
    told("resume", "--reason", "the drill is over", variables=commanded)
    require_complete(server, server.retried(run), ledger, unhurt)


def test_an_exchange_that_is_served_later(
    server: Server,
    ledger: Ledger,
    own_ledger: dict[str, str],
    in_force: dict[str, str],
    daily: dict[str, str],
    unhurt: Total,
) -> None:
    port = free_port()
    absent = own_ledger | {
        "ORDERWORKS_BROKER__SIMULATED__SERVER": f"127.0.0.1:{port}",
        "ORDERWORKS_BROKER__PATIENCE_SECONDS": "1",
    }
    run = server.run("daily-SIM1", absent, **daily)
    failed = server.ended(run)
    assert failed["state"]["type"] == "FAILED"
    assert "cannot be reached" in failed["state"]["message"], outcome(failed)
    market = ("--market", daily["market"], "--session", daily["session"], "--port", str(port))
    serving = [str(ORDERWORKS), "exchange", "serve", *market]
    with subprocess.Popen(
        serving, env=environment(in_force | own_ledger), stdout=subprocess.PIPE
    ) as exchange:
        assert exchange.stdout is not None
        assert exchange.stdout.readline().startswith(b"listening")
        require_complete(server, server.retried(run), ledger, unhurt)
        exchange.terminate()
