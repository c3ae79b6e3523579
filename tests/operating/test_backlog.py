"""After an outage: of the occasions that passed, the newest is worked, and the others say so.

The schedule is the server's own; it runs while no worker does, until several of its times have passed.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from operating_house import READY, TERMINAL, Server, running_up, wait_until
from synthetic_day import SESSION

INTERVAL_SECONDS = 10
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
        # The times begin when the worker is gone: from then on nobody takes a run.
        anchor = datetime.now(UTC) + timedelta(seconds=40)
        every = {"interval": INTERVAL_SECONDS, "anchor_date": anchor.isoformat()}
        schedules = server.get(f"/deployments/{deployment}/schedules")
        for schedule in schedules:
            server.patch(f"/deployments/{deployment}/schedules/{schedule['id']}", active=False)
        server.post_list(f"/deployments/{deployment}/schedules", [{"schedule": every}])
        wait_until(lambda: any(run for run in scheduled_by(server, deployment)))
    # Stopped: its runs become late without a server, too.
    runs_until = anchor + timedelta(seconds=INTERVAL_SECONDS * (PASSED - 1) + 1)
    while datetime.now(UTC) < runs_until:
        time.sleep(0.2)
    with running_up(in_force, "--port", str(port)) as second:
        second.wait_until_it_says(READY)

        def newest() -> int:
            """The place of the last run that was due."""
            places = [
                place
                for place, run in enumerate(scheduled_by(server, deployment))
                if due(run) <= datetime.now(UTC)
            ]
            return places[-1]

        backlog = [run["id"] for run in scheduled_by(server, deployment)[:PASSED]]
        wait_until(
            lambda: all(server.flow_run(run)["state"]["type"] in TERMINAL for run in backlog)
        )
        for run in backlog:
            state = server.flow_run(run)["state"]
            overtaken = state["name"] == "Skipped" and "the work of both" in state["message"]
            # One that found another in its place was cancelled by the limit.
            assert overtaken or state["type"] == "CANCELLED", state
        at = newest()
        later = scheduled_by(server, deployment)[at:]
        wait_until(
            lambda: any(server.flow_run(run["id"])["state"]["name"] == "Completed" for run in later)
        )
        begun = [server.flow_run(run["id"]) for run in later]
        for run in begun:
            if run["state"]["name"] == "Completed":
                assert datetime.fromisoformat(run["end_time"]) > due(run)
