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
from caught_run import FAST, SLOW, CaughtRun
from gateway_process import tell
from judging import rows
from operating_house import TERMINAL, kill_run, outcome, process_of, wait_until
from synthetic_day import SESSION

pytestmark = pytest.mark.proof

UNREACHABLE_SECONDS = 120


def test_a_worker_that_is_killed_does_not_take_its_run_with_it(
    home: Path, caught: CaughtRun
) -> None:
    os.kill(process_of(home, "worker"), signal.SIGKILL)
    ended = caught.server.ended(caught.id)
    assert ended["state"]["name"] == "Completed", outcome(ended)
    caught.require_finished_once()


def test_a_worker_that_is_told_to_end_says_so_of_its_run_which_recover_finishes(
    home: Path, caught: CaughtRun
) -> None:
    tell(caught.gateway, "speed 0")
    os.kill(process_of(home, "worker"), signal.SIGTERM)
    ended = caught.server.ended(caught.id)
    assert ended["state"]["type"] == "CRASHED", outcome(ended)
    assert "Its orders stand in the ledger: 'recover' goes on" in ended["state"]["message"]
    require_recovered(caught)
    require_nothing_left_to_retry(caught)
    caught.require_finished_once()


def test_a_run_that_is_killed_with_its_worker_is_finished_by_recover(
    home: Path, caught: CaughtRun
) -> None:
    tell(caught.gateway, "speed 0")
    os.kill(process_of(home, "worker"), signal.SIGKILL)
    kill_run(caught.id)
    # Nobody is left to say that it ended.
    assert caught.flow_run["state"]["type"] == "RUNNING"
    require_recovered(caught)
    caught.server.mark_crashed(caught.id)
    require_nothing_left_to_retry(caught)
    caught.require_finished_once()


def require_recovered(caught: CaughtRun) -> None:
    """The scheduled recovery takes the run up where it stands, and works it to its end.

    The market has stood since the run was stopped: on a slow machine it would be over before.
    """
    assert not caught.is_done
    before = caught.received
    recovery = caught.server.run("recover-SIM1", caught.variables)
    caught.server.wait_for(recovery, "RUNNING")
    tell(caught.gateway, f"speed {SLOW}")
    wait_until(lambda: caught.received > before, lambda: outcome(caught.server.flow_run(recovery)))
    tell(caught.gateway, f"speed {FAST}")
    recovered = caught.server.ended(recovery)
    assert recovered["state"]["name"] == "Completed", outcome(recovered)
    assert f"daily:{SESSION}: " in recovered["state"]["message"]
    assert "of 6 orders filled" in recovered["state"]["message"]


def require_nothing_left_to_retry(caught: CaughtRun) -> None:
    again = caught.server.retried(caught.id)
    assert again["state"]["name"] == "Skipped", outcome(again)


def test_a_server_that_is_killed(home: Path, caught: CaughtRun) -> None:
    before = caught.received
    os.kill(process_of(home, "serve"), signal.SIGKILL)
    wait_until(lambda: caught.is_done)
    assert caught.received > before
    ended = ended_at_last(caught)
    assert ended["state"]["name"] == "Completed", outcome(ended)
    assert "of 6 orders filled" in ended["state"]["message"]
    caught.require_finished_once()


def ended_at_last(caught: CaughtRun) -> Any:
    """The run, once the server answers and knows how it ended."""

    def ended() -> bool:
        try:
            return caught.flow_run["state"]["type"] in TERMINAL
        except httpx.TransportError:
            return False

    wait_until(ended)
    return caught.flow_run


def test_a_server_that_cannot_be_reached_for_two_minutes(home: Path, caught: CaughtRun) -> None:
    before = caught.received
    number = process_of(home, "serve")
    os.kill(number, signal.SIGSTOP)
    try:
        time.sleep(UNREACHABLE_SECONDS)
        # The last of its orders was sent without the server.
        unsent = "SELECT 1 FROM orders WHERE state = 'NEW' AND attached_to IS NULL"
        assert rows(caught.ledger, unsent) == []
        assert caught.received > before
    finally:
        os.kill(number, signal.SIGCONT)
    ended = caught.server.ended(caught.id)
    assert ended["state"]["name"] == "Completed", outcome(ended)
    caught.require_finished_once()
