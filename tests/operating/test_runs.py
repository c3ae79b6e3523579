"""Runs that are asked for from the server of ``orderworks up``: in a browser, and through its API."""

import json

import pytest
from browser import DRIVER, PROGRAM, opened
from judging import require_sound_books, rows
from operating_house import Server, outcome, wait_until
from synthetic_day import SESSION

from orderworks.ledger.connection import Ledger
from orderworks.model.crash_points import VARIABLE, CrashPoint

pytestmark = pytest.mark.proof

needs_a_browser = pytest.mark.skipif(
    PROGRAM is None or DRIVER is None,
    reason="no browser here: install chromium and chromium-driver",
)

WEIGHTS = {"ACME": 0.04, "RUSH": -0.02}


def runs_of(server: Server, deployment: str) -> list[str]:
    found = server.post(
        "/flow_runs/filter",
        flow_runs={"deployment_id": {"any_": [server.deployments()[deployment]["id"]]}},
    )
    return [run["id"] for run in found]


@needs_a_browser
def test_a_person_reads_what_a_rebalance_is_and_starts_one(server: Server, market: str) -> None:
    number = server.deployments()["rebalance-SIM1"]["id"]
    with opened(server.api.removesuffix("/api")) as page:
        page.open("/deployments")
        page.await_text("kill-switch-SIM1")
        page.keep("1-deployments")
        page.open(f"/deployments/deployment/{number}?tab=Description")
        page.await_text("What is safe to press")
        page.keep("2-description")

        page.open(f"/deployments/deployment/{number}/run")
        page.await_text("Target weights")
        page.fill("Target weights", json.dumps(WEIGHTS))
        page.fill("Session", f"{SESSION:%m%d%Y}")
        page.fill("Recorded market", market)
        page.keep("3-form")
        page.click("Submit")

        wait_until(lambda: bool(runs_of(server, "rebalance-SIM1")))
        (run,) = runs_of(server, "rebalance-SIM1")
        assert server.ended(run)["parameters"]["weights"] == WEIGHTS
        page.open(f"/runs/flow-run/{run}")
        page.await_text("Completed")
        page.await_text("orders filled")
        page.keep("4-run")
        page.click("Artifacts")
        artifacts = server.post("/artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})
        assert artifacts, "the run has no artifacts"
        page.await_text(artifacts[0]["key"])
        page.keep("5-artifacts")
        for artifact in artifacts:
            page.open(f"/artifacts/artifact/{artifact['id']}")
            page.await_text(artifact["key"])
            page.keep(f"6-artifact-{artifact['key']}")


def test_the_same_weights_are_done_once(server: Server, market: str) -> None:
    asked = {"weights": {"SLIM": 0.01}, "session": str(SESSION), "market": market}
    first = server.run("rebalance-SIM1", **asked)
    assert server.ended(first)["state"]["name"] == "Completed", server.history(first)
    assert "orders filled" in outcome(server.flow_run(first)), server.history(first)
    again = server.run("rebalance-SIM1", **asked)
    assert server.ended(again)["state"]["name"] == "Skipped", server.history(again)


def test_a_run_that_died_between_permit_and_message_is_completed_by_a_retry(
    server: Server, ledger: Ledger, own_ledger: dict[str, str], daily: dict[str, str]
) -> None:
    with server.variables("daily-SIM1", **{VARIABLE: f"{CrashPoint.SEND_PERMITTED}:2"}):
        run = server.run("daily-SIM1", own_ledger, **daily)
        died = server.ended(run)
    assert died["state"]["type"] == "CRASHED", outcome(died)
    retried = server.retried(run)
    assert retried["state"]["name"] == "Completed", outcome(retried)
    assert retried["name"] == f"daily {SESSION} · SIM1 · 6 orders"
    assert rows(ledger, "SELECT state FROM runs") == [{"state": "DONE"}]
    require_sound_books(ledger)
