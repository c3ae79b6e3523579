"""After an outage: of the occasions that passed, the newest is worked, and the others say so.

The schedule is the server's own; it runs while no worker does, until several of its times have passed.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from operating_house import READY, TERMINAL, Server, running_up, wait_until
from synthetic_day import SESSION

pytestmark = pytest.mark.proof

INTERVAL_SECONDS = 15
PASSED = 3


def scheduled_by(server: Server, deployment: str) -> list[Any]:
    """The scheduled runs of a deployment, the oldest first."""
    found = server.post(
        "/flow_runs/filter",
        flow_runs={"deployment_id": {"any_": [deployment]}},
        sort="EXPECTED_START_TIME_ASC",
    )
    return [run for run in found if run["auto_scheduled"]]


def due(run: Any) -> datetime:
    return datetime.fromisoformat(run["expected_start_time"])


def test_a_backlog_is_worked_once(in_force: dict[str, str], port: int, market: str) -> None:
    with running_up(in_force, "--port", str(port)) as first:
        first.wait_until_it_says(READY)
        server = Server(f"http://127.0.0.1:{port}/api")
        deployment = server.deployments()["reconcile-SIM1"]["id"]
        server.patch(
            f"/deployments/{deployment}", parameters={"session": str(SESSION), "market": market}
        )
        server.keep_still()
        # The times begin when the worker is gone: from then on nobody takes a run.
        anchor = datetime.now(UTC) + timedelta(seconds=60)
        every = {"interval": INTERVAL_SECONDS, "anchor_date": anchor.isoformat()}
        server.post_list(f"/deployments/{deployment}/schedules", [{"schedule": every}])
        wait_until(lambda: len(scheduled_by(server, deployment)) > PASSED)
    stopped = datetime.now(UTC)
    assert stopped < anchor, "it took too long to stop"
    runs_until = anchor + timedelta(seconds=INTERVAL_SECONDS * (PASSED - 1) + 1)
    while datetime.now(UTC) < runs_until:
        time.sleep(0.2)
    with running_up(in_force, "--port", str(port)) as second:
        second.wait_until_it_says(READY)

        def states() -> list[str]:
            # The server may be scheduling just then.
            server.switch_off_schedules(deployment)
            return [run["state"]["type"] for run in scheduled_by(server, deployment)]

        wait_until(lambda: TERMINAL.issuperset(states()), lambda: str(states()))
        *backlog, newest = scheduled_by(server, deployment)
        assert len(backlog) >= PASSED - 1
        assert newest["state"]["name"] == "Completed", newest["state"]
        assert datetime.fromisoformat(newest["end_time"]) > due(newest)
        missed = [run["state"] for run in backlog if due(run) < runs_until]
        for state in missed[:-1]:
            assert state["name"] == "Skipped", state
            assert "the work of both" in state["message"], state
