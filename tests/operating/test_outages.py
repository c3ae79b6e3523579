"""What runs a run is taken from it in the middle: its worker, or the server. Its orders go on, each once.

Each test trades at a broker of its own whose market takes its time, and which is the judge.
"""

import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway_process import Process, require_equal_books, tell
from judging import LIVE, rows
from operating_house import TERMINAL, Server, kill_run, outcome, process_of, told, wait_until
from synthetic_day import SESSION

from orderworks.ledger.connection import Ledger

pytestmark = pytest.mark.proof

A_LATER_SLICE = "SELECT 1 FROM orders WHERE slice_index > 0 AND state = ANY(%s)"
DONE = "SELECT 1 FROM runs WHERE kind = 'daily' AND state = 'DONE'"
SENT = "SELECT count(*) AS n FROM gateway.orders"
UNREACHABLE_SECONDS = 120


@pytest.fixture
def run(
    server: Server, ledger: Ledger, gateway: tuple[Process, dict[str, str]], signals: str
) -> str:
    """A daily run that is in the middle of its slices."""
    _, variables = gateway
    asked = server.run("daily-SIM1", variables, session=str(SESSION), signals=signals)
    wait_until(
        lambda: rows(ledger, A_LATER_SLICE, list(LIVE)) != [],
        lambda: outcome(server.flow_run(asked)),
    )
    assert server.flow_run(asked)["state"]["type"] == "RUNNING"
    return asked


def require_finished_once(
    ledger: Ledger, in_force: dict[str, str], gateway: tuple[Process, dict[str, str]]
) -> None:
    """The run's orders have been worked to their end, and each has reached the broker once."""
    process, variables = gateway
    assert rows(ledger, DONE) != []
    tell(process, "speed 0")
    told("run", "reconcile", "--session", str(SESSION), variables=in_force | variables)
    require_equal_books(ledger)
    waiting = (
        "SELECT 1 FROM orders WHERE state IN ('NEW', 'PENDING', 'UNKNOWN') AND attached_to IS NULL"
    )
    assert rows(ledger, waiting) == []


def sent(ledger: Ledger) -> int:
    (count,) = rows(ledger, SENT)
    return int(count["n"])


def test_a_worker_that_is_killed_does_not_take_its_run_with_it(
    server: Server,
    ledger: Ledger,
    home: Path,
    in_force: dict[str, str],
    gateway: tuple[Process, dict[str, str]],
    run: str,
) -> None:
    os.kill(process_of(home, "worker"), signal.SIGKILL)
    ended = server.ended(run)
    assert ended["state"]["name"] == "Completed", outcome(ended)
    require_finished_once(ledger, in_force, gateway)


def test_a_worker_that_is_told_to_end_says_so_of_its_run_which_recover_finishes(
    server: Server,
    ledger: Ledger,
    home: Path,
    in_force: dict[str, str],
    gateway: tuple[Process, dict[str, str]],
    run: str,
) -> None:
    os.kill(process_of(home, "worker"), signal.SIGTERM)
    ended = server.ended(run)
    assert ended["state"]["type"] == "CRASHED", outcome(ended)
    assert "Its orders stand in the ledger: 'recover' goes on" in ended["state"]["message"]
    require_recovered(server, ledger, gateway)
    again = server.retried(run)
    assert again["state"]["name"] == "Skipped", outcome(again)
    require_finished_once(ledger, in_force, gateway)


def test_a_run_that_is_killed_with_its_worker_is_finished_by_recover(
    server: Server,
    ledger: Ledger,
    home: Path,
    in_force: dict[str, str],
    gateway: tuple[Process, dict[str, str]],
    run: str,
) -> None:
    os.kill(process_of(home, "worker"), signal.SIGKILL)
    kill_run(run)
    # Nobody is left to say that it ended.
    assert server.flow_run(run)["state"]["type"] == "RUNNING"
    require_recovered(server, ledger, gateway)
    server.mark_crashed(run)
    again = server.retried(run)
    assert again["state"]["name"] == "Skipped", outcome(again)
    require_finished_once(ledger, in_force, gateway)


def require_recovered(
    server: Server, ledger: Ledger, gateway: tuple[Process, dict[str, str]]
) -> None:
    """The scheduled recovery takes the run up where it stands, and works it to its end."""
    assert rows(ledger, DONE) == []
    before = sent(ledger)
    recovered = server.ended(server.run("recover-SIM1", gateway[1]))
    assert recovered["state"]["name"] == "Completed", outcome(recovered)
    assert f"daily:{SESSION}: " in recovered["state"]["message"]
    assert "of 6 orders filled" in recovered["state"]["message"]
    assert sent(ledger) > before


def test_a_server_that_is_killed(
    server: Server,
    ledger: Ledger,
    home: Path,
    in_force: dict[str, str],
    gateway: tuple[Process, dict[str, str]],
    run: str,
) -> None:
    before = sent(ledger)
    os.kill(process_of(home, "serve"), signal.SIGKILL)
    wait_until(lambda: rows(ledger, DONE) != [])
    assert sent(ledger) > before
    ended = ended_at_last(server, run)
    assert ended["state"]["name"] == "Completed", outcome(ended)
    assert "of 6 orders filled" in ended["state"]["message"]
    require_finished_once(ledger, in_force, gateway)


def ended_at_last(server: Server, run: str) -> Any:
    """The run, once the server answers and knows how it ended."""

    def ended() -> bool:
        try:
            return server.flow_run(run)["state"]["type"] in TERMINAL
        except httpx.TransportError:
            return False

    wait_until(ended)
    return server.flow_run(run)


def test_a_server_that_cannot_be_reached_for_two_minutes(
    server: Server,
    ledger: Ledger,
    home: Path,
    in_force: dict[str, str],
    gateway: tuple[Process, dict[str, str]],
    run: str,
) -> None:
    before = sent(ledger)
    number = process_of(home, "serve")
    os.kill(number, signal.SIGSTOP)
    try:
        time.sleep(UNREACHABLE_SECONDS)
        # The last of its orders was sent without the server.
        assert (
            rows(ledger, "SELECT 1 FROM orders WHERE state = 'NEW' AND attached_to IS NULL") == []
        )
        assert sent(ledger) > before
    finally:
        os.kill(number, signal.SIGCONT)
    ended = server.ended(run)
    assert ended["state"]["name"] == "Completed", outcome(ended)
    require_finished_once(ledger, in_force, gateway)
