"""Retry, pressed in the UI on a run that ended at each of its steps: every order once, none lost.

Judged by the exchange's own record. Each test has a ledger and an exchange of its own, all share one ``up``.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Daily:
    """A daily run on a ledger and an exchange of its own, and what it comes to if nothing befalls it.

    Attributes:
        variables: of its process.
        parameters: as its form has them.
    """

    server: Server
    ledger: Ledger
    variables: Mapping[str, str]
    parameters: Mapping[str, str]
    unhurt: Total

    @property
    def reached(self) -> Total:
        """What has reached the exchange, by its own record."""
        return exchange_total(self.ledger)

    @property
    def is_worked(self) -> bool:
        """Whether a process has its ledger open, beside this one."""
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        return rows(self.ledger, f"SELECT 1 FROM pg_stat_activity WHERE {others}") != []

    def ended(self, **others: str) -> Any:
        """A run that has ended, with other parameters where some are named."""
        run = self.server.run("daily-SIM1", self.variables, **{**self.parameters, **others})
        return self.server.ended(run)

    def died_at(self, point: str) -> str:
        """A run whose process was killed at a point: its id."""
        with self.server.variables("daily-SIM1", **{VARIABLE: point}):
            died = self.ended()
        assert died["state"]["type"] == "CRASHED", outcome(died)
        return str(died["id"])

    def require_completed_by_a_retry(self, run: str) -> None:
        """It ends well, and reaches the exchange as one that nothing befell."""
        ended = self.server.retried(run)
        assert ended["state"]["name"] == "Completed", outcome(ended)
        assert "of 6 orders filled" in ended["state"]["message"]
        assert ended["name"] == NAME
        self.require_as_unhurt()
        shown = {artifact["key"] for artifact in self.server.artifacts(run)}
        kinds = ("plan", "refused", "progress")
        assert {f"{kind}-sim1-daily-{SESSION}" for kind in kinds} <= shown
        assert f"quality-sim1-{SESSION}" in shown

    def require_as_unhurt(self) -> None:
        require_sound_books(self.ledger)
        assert self.reached == self.unhurt


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


@pytest.fixture
def day(
    server: Server,
    ledger: Ledger,
    own_ledger: dict[str, str],
    daily: dict[str, str],
    unhurt: Total,
) -> Daily:
    return Daily(server, ledger, own_ledger, daily, unhurt)


@pytest.mark.parametrize("point", STEPS)
def test_a_run_that_died_at_a_step_is_completed_by_a_retry(day: Daily, point: str) -> None:
    day.require_completed_by_a_retry(day.died_at(point))


def test_two_retries_at_once_are_as_one_and_a_third_sends_nothing(day: Daily) -> None:
    server = day.server
    run = day.died_at(f"{CrashPoint.SEND_ANSWERED}:2")
    # A click that is repeated, and one that comes while the first one's run begins.
    server.retry(run)
    server.retry(run)
    server.wait_for(run, "RUNNING")
    server.retry(run)
    wait_until(lambda: rows(day.ledger, "SELECT 1 FROM runs WHERE state = 'DONE'") != [])
    settle(day, run)
    day.require_as_unhurt()

    # Retry is offered for a completed run, too.
    again = server.retried(run)
    assert again["state"]["name"] == "Skipped", outcome(again)
    assert "is done already" in again["state"]["message"]
    assert "nothing is sent" in again["state"]["message"]
    assert day.reached == day.unhurt


def settle(day: Daily, run: str) -> None:
    """Waits until the run has ended, stays so, and no process is left that would say of it how it ended.

    One that outlives the other would say so over the next press, which would then be lost.
    """
    while True:
        ended = day.server.ended(run)
        wait_until(lambda: not day.is_worked)
        time.sleep(STAYS_SECONDS)
        is_as_it_was = day.server.flow_run(run)["state"]["id"] == ended["state"]["id"]
        if is_as_it_was and not day.is_worked:
            return


def test_a_task_that_is_retried_alone_does_nothing_before_its_run_is(day: Daily) -> None:
    server = day.server
    run = day.died_at(f"{CrashPoint.SEND_PERMITTED}:2")
    sent = day.reached

    def waves() -> list[Any]:
        found = server.post("/task_runs/filter", flow_runs={"id": {"any_": [run]}})
        return [task for task in found if task["name"].startswith("work wave")]

    wait_until(lambda: waves() != [])
    wave = waves()[-1]["id"]
    asked = {"type": "SCHEDULED", "name": "AwaitingRetry"}
    server.post(f"/task_runs/{wave}/set_state", state=asked, force=True)
    time.sleep(STAYS_SECONDS)
    assert day.reached == sent
    day.require_completed_by_a_retry(run)


# What was in the way, and is mended ----------------------------------------------------------------


def require_failed(run: Any, why: str) -> None:
    assert run["state"]["type"] == "FAILED", outcome(run)
    assert why in run["state"]["message"], outcome(run)


def test_a_signals_file_that_is_corrected(day: Daily, tmp_path: Path) -> None:
    signals = a_whole_day()
    file = write_table(tmp_path / "signals.csv", *signals[:-1], signals[-1] | {"strength": 7})
    failed = day.ended(signals=file)
    require_failed(failed, "strength")
    assert day.reached == Total(0, 0)
    write_table(Path(file), *signals)
    day.require_completed_by_a_retry(failed["id"])


def test_a_kill_switch_that_is_taken_back(day: Daily, in_force: dict[str, str]) -> None:
    commanded = {**in_force, **day.variables}
    market = ("--market", day.parameters["market"], "--session", str(SESSION))
    told("kill", "--reason", "a drill", *market, variables=commanded)
    sent = day.reached
    failed = day.ended()
    require_failed(failed, "a drill")
    assert day.reached == sent
    told("resume", "--reason", "the drill is over", variables=commanded)
    day.require_completed_by_a_retry(failed["id"])


def test_an_exchange_that_is_served_later(day: Daily, in_force: dict[str, str]) -> None:
    port = free_port()
    absent = {
        "ORDERWORKS_BROKER__SIMULATED__SERVER": f"127.0.0.1:{port}",
        "ORDERWORKS_BROKER__PATIENCE_SECONDS": "1",
    }
    served_later = replace(day, variables={**day.variables, **absent})
    failed = served_later.ended()
    require_failed(failed, "cannot be reached")
    market = ("--market", day.parameters["market"], "--session", str(SESSION), "--port", str(port))
    serving = [str(ORDERWORKS), "exchange", "serve", *market]
    variables = environment({**in_force, **day.variables})
    with subprocess.Popen(serving, env=variables, stdout=subprocess.PIPE) as exchange:
        assert exchange.stdout is not None
        assert exchange.stdout.readline().startswith(b"listening")
        served_later.require_completed_by_a_retry(failed["id"])
        exchange.terminate()
