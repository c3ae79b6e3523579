"""``orderworks up`` from its start to its end, however that comes; each test has a home of its own."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg
import pytest
from operating_house import (
    ORDERWORKS,
    READY,
    Server,
    Up,
    answers,
    environment,
    free_port,
    outcome,
    processes_with,
    running_up,
)
from synthetic_day import SESSION

from orderworks.desk.desk import PLANNING_TURN

pytestmark = pytest.mark.proof

KINDS = {
    *("daily", "end-of-day", "intraday", "kill-switch", "monthly-quality", "rebalance"),
    *("reconcile", "recover", "weekly-quality"),
}


def deployed(in_force: dict[str, str], account: str) -> str:
    """What ``orderworks deploy`` says."""
    done = subprocess.run(
        [str(ORDERWORKS), "deploy", "--account", account],
        env=environment(in_force),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def another(in_force: dict[str, str]) -> Iterator[psycopg.Connection]:
    """Someone else who is connected to the ledger."""
    with psycopg.connect(in_force["ORDERWORKS_DATABASE_URL"], autocommit=True) as connection:
        yield connection


def test_it_runs_attaches_and_leaves_nothing_behind(
    in_force: dict[str, str], home: Path, port: int, market: str, another: psycopg.Connection
) -> None:
    api = f"http://127.0.0.1:{port}/api"
    with running_up(in_force, "--port", str(port)) as first:
        first.wait_until_it_says(READY)
        assert "next: " in first.said
        server = Server(api)
        assert set(server.deployments()) == {f"{kind}-SIM1" for kind in KINDS}
        assert "9 new or changed" in first.said

        # Asked twice, with whatever port: the second attaches, changes nothing, and returns.
        second = Up(in_force, "--port", str(free_port()))
        assert second.ended() == 0, second.said
        assert f"attaching to the Prefect server at {api}" in second.said
        assert "all as they were" in second.said
        assert "nothing to stop" in second.said
        workers = server.post("/work_pools/orderworks/workers/filter")
        assert len(workers) == 1, workers

        # What a person switched off stays off.
        daily = server.deployments()["daily-SIM1"]
        (schedule,) = server.get(f"/deployments/{daily['id']}/schedules")
        server.patch(f"/deployments/{daily['id']}/schedules/{schedule['id']}", active=False)
        server.patch(f"/deployments/{daily['id']}", version="an older one")
        assert "1 new or changed" in deployed(in_force, "SIM1")
        (schedule,) = server.get(f"/deployments/{daily['id']}/schedules")
        assert schedule["active"] is False

        # Another account has deployments, limits and a queue of its own.
        assert "9 new or changed" in deployed(in_force, "SIM2")
        server.keep_still()
        both = server.deployments()
        assert set(both) == {f"{kind}-{account}" for kind in KINDS for account in ("SIM1", "SIM2")}
        other = both["daily-SIM2"]
        assert other["work_queue_name"] == "SIM2"
        assert other["global_concurrency_limit"]["limit"] == 1
        assert other["concurrency_options"]["collision_strategy"] == "ENQUEUE"
        assert other["job_variables"]["env"]["ORDERWORKS_BROKER__SIMULATED__ACCOUNT"] == "SIM2"
        assert both["kill-switch-SIM2"]["global_concurrency_limit"] is None

        # What dies is started again.
        for name in ("worker", "preloaded"):
            (found,) = [
                each for each in processes_with(str(home)) if f"flows.operating.{name}" in each
            ]
            os.kill(int(found.split()[0]), signal.SIGKILL)
        first.wait_until_it_says("the worker ended by itself and is started again")
        first.wait_until_it_says("the preloaded process ended by itself and is started again")
        ended = server.ended(server.run("recover-SIM1"))
        assert ended["state"]["message"] == "nothing was left unfinished"

        # Killed while a run works: its guard ends the rest, and the next one finds nothing in its way.
        # Until that has ended another one has the turn to plan, so that the run cannot end before.
        another.execute("SELECT pg_advisory_lock(%s, hashtext('SIM1'))", (PLANNING_TURN,))
        run = server.run(
            "rebalance-SIM1", weights={"ACME": 0.04}, session=str(SESSION), market=market
        )
        server.wait_for(run, "RUNNING")
        first.process.kill()
        first.ended()
    with running_up(in_force, "--port", str(port)) as third:
        third.wait_until_it_says(READY)
        assert "starting the Prefect server" in third.said
        assert "all as they were" in third.said
        # Nothing says any more that the run goes on, whatever its end interrupted; a retry does its work.
        state = server.flow_run(run)["state"]
        assert state["type"] in ("CRASHED", "FAILED"), state
        another.execute("SELECT pg_advisory_unlock_all()")
        retried = server.retried(run)
        assert retried["state"]["name"] == "Completed", outcome(retried)
        assert third.stop(signal.SIGINT) == 0, third.said
        assert third.lines[-1] == "stopped"
    assert not answers(api)
    assert processes_with(str(home)) == []


def test_sigterm_ends_it_as_well(in_force: dict[str, str], home: Path, port: int) -> None:
    with running_up(in_force, "--port", str(port)) as up:
        up.wait_until_it_says("starting the Prefect server")
        assert up.stop(signal.SIGTERM) == 0, up.said
    assert processes_with(str(home)) == []


class Other(BaseHTTPRequestHandler):
    """Something that is no Prefect server."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something else has."""
    with HTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        yield other.server_port
        other.shutdown()


def test_a_port_that_is_taken_is_told_in_a_sentence(in_force: dict[str, str], taken: int) -> None:
    up = Up(in_force, "--port", str(taken))
    assert up.ended() == 2
    assert up.lines[-1] == (
        f"error: port {taken} is taken by something that is not a Prefect server; end it, or choose "
        "another port with --port"
    )
