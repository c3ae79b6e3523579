"""A run of which nobody is left to say that it ended: found silent, marked, told, and gone on with.

Its process and its worker are killed at once, as when a machine is lost. A run gives a sign of life every
30 s, and Prefect permits no less; so this takes some minutes.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from caught_run import CaughtRun
from operating_house import Server, kill_run, outcome, process_of, wait_until
from receivers import Receiver
from synthetic_day import SESSION

pytestmark = pytest.mark.proof

SILENT_SECONDS = 90
LATEST_SECONDS = SILENT_SECONDS + 30
"""Looked at every few seconds, on a machine that has other tests to run."""
UNTOLD_SECONDS = 60
"""How long the process of a run that ended badly may take to tell so itself."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture(scope="module")
def in_force(in_force: dict[str, str], receiver: Receiver) -> dict[str, str]:
    """With somebody to tell."""
    return in_force | {"ORDERWORKS_WEBHOOK_URL": receiver.url}


@pytest.fixture
def waits_for_a_person(
    server: Server, market: str, fresh_database: Callable[[], AbstractContextManager[str]]
) -> Iterator[str]:
    """A run that lives, and has nothing to do for minutes."""
    with fresh_database() as url:
        asks = {"ORDERWORKS_DATABASE_URL": url, "ORDERWORKS_APPROVAL__REBALANCE_ORDERS": "1"}
        weights = {"ACME": 0.04, "RUSH": -0.02}
        run = server.run(
            "rebalance-SIM1", asks, weights=weights, session=str(SESSION), market=market
        )
        server.wait_for(run, "PAUSED")
        yield run


def lost_runs(receiver: Receiver) -> list[dict[str, Any]]:
    """What the server told: the rest was told by the run, as it lived."""
    return [record for record in receiver.taken if record["kind"] == "run_lost"]


def test_it_is_marked_and_told_once_and_a_retry_finishes_its_orders(
    home: Path, receiver: Receiver, waits_for_a_person: str, caught: CaughtRun
) -> None:
    server = caught.server
    os.kill(process_of(home, "worker"), signal.SIGKILL)
    kill_run(caught.id)
    assert not caught.is_done
    assert caught.flow_run["state"]["type"] == "RUNNING"

    wait_until(
        lambda: caught.flow_run["state"]["type"] != "RUNNING",
        lambda: outcome(caught.flow_run),
        LATEST_SECONDS,
    )
    silent = caught.flow_run
    assert outcome(silent) == f"Crashed: It gave no sign of life for {SILENT_SECONDS} s"

    wait_until(lambda: lost_runs(receiver) != [], seconds=UNTOLD_SECONDS + 30)
    (lost,) = lost_runs(receiver)
    assert (lost["severity"], lost["cause"]) == ("critical", f"run_lost:{caught.id}")
    assert lost["message"] == f"{silent['name']} ended {outcome(silent)}"
    assert lost["link"].endswith(f"/runs/flow-run/{caught.id}")
    # All the while, another gave signs of life, and still does what it is told.
    assert server.flow_run(waits_for_a_person)["state"]["name"] == "Paused"
    answer = {"decision": "reject", "note": "that was a long wait"}
    server.post(f"/flow_runs/{waits_for_a_person}/resume", run_input=answer)
    assert server.ended(waits_for_a_person)["state"]["name"] == "Skipped"

    ended = server.retried(caught.id)
    assert ended["state"]["name"] == "Completed", outcome(ended)
    caught.require_finished_once()
    # What comes late of a run that has ended does not mark it.
    time.sleep(LATEST_SECONDS)
    assert caught.flow_run["state"]["name"] == "Completed"
    assert lost_runs(receiver) == [lost]
