"""``orderworks up`` from its start to its end, however that comes; each test has a home of its own."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from operating_house import (
    ORDERWORKS,
    READY,
    Server,
    Up,
    answers,
    environment,
    free_port,
    processes_with,
    running_up,
)

KINDS = {"daily", "end-of-day", "intraday", "kill-switch", "rebalance", "reconcile", "recover"}


def test_it_runs_attaches_and_leaves_nothing_behind(
    in_force: dict[str, str], home: Path, port: int
) -> None:
    api = f"http://127.0.0.1:{port}/api"
    with running_up(in_force, "--port", str(port)) as first:
        first.wait_until_it_says(READY)
        assert "next: " in first.said
        server = Server(api)
        assert set(server.deployments()) == {f"{kind}-SIM1" for kind in KINDS}
        assert "7 new or changed" in first.said

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
        deploy = subprocess.run(
            [str(ORDERWORKS), "deploy", "--account", "SIM1"],
            env=environment(in_force),
            capture_output=True,
            text=True,
        )
        assert deploy.returncode == 0, deploy.stderr
        assert "1 new or changed" in deploy.stdout
        (schedule,) = server.get(f"/deployments/{daily['id']}/schedules")
        assert schedule["active"] is False

        # Killed: its guard ends the rest, and the next one finds nothing in its way.
        first.process.kill()
        first.ended()
    with running_up(in_force, "--port", str(port)) as third:
        third.wait_until_it_says(READY)
        assert "starting the Prefect server" in third.said
        assert "all as they were" in third.said
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
