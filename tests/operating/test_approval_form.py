"""A rebalance above the settings waits for a person: a form in the UI, a command at the command line."""

from typing import Any

import pytest
from judging import Total, exchange_total, require_sound_books, rows
from operating_house import Server, kill_run, outcome, told, wait_until
from synthetic_day import SESSION

from orderworks.ledger.connection import Ledger

pytestmark = pytest.mark.proof

ASKS = {"ORDERWORKS_APPROVAL__REBALANCE_ORDERS": "1"}
WEIGHTS = {"ACME": 0.04, "RUSH": -0.02}
NOTHING = Total(0, 0)


@pytest.fixture
def asks(own_ledger: dict[str, str]) -> dict[str, str]:
    """The variables of a run whose plan of two orders is to be approved."""
    return own_ledger | ASKS


def asked_for(server: Server, variables: dict[str, str], market: str) -> str:
    """A rebalance that waits to be decided, with the form shown."""
    run = server.run(
        "rebalance-SIM1", variables, weights=WEIGHTS, session=str(SESSION), market=market
    )
    require_form(server, run)
    return run


def require_form(server: Server, run: str) -> Any:
    """The run waits, and shows what there is to decide about, and how."""
    paused = server.wait_for(run, "PAUSED", "FAILED", "COMPLETED", "CRASHED")
    assert paused["state"]["name"] == "Paused", outcome(paused)
    wait_until(lambda: bool(server.get(f"/flow_runs/{run}/input/{schema_of(server, run)}")))
    plans = [each for each in server.artifacts(run) if each["key"].startswith("plan-sim1")]
    assert "2 orders" in plans[0]["description"]
    assert "RUSH" in str(plans[0]["data"])
    return paused


def schema_of(server: Server, run: str) -> str:
    """The name of the form of a run that is paused."""
    keys = server.flow_run(run)["state"]["state_details"]["run_input_keyset"]
    return str(keys["schema"])


def resume(server: Server, run: str, decision: str, note: str) -> Any:
    """Fills in the form and sends it."""
    answer = {"decision": decision, "note": note}
    return server.post(f"/flow_runs/{run}/resume", run_input=answer)


def run_key(ledger: Ledger) -> str:
    (run,) = rows(ledger, "SELECT run_key FROM runs WHERE state = 'PROPOSED'")
    return str(run["run_key"])


def test_approved_in_the_ui(
    server: Server, ledger: Ledger, asks: dict[str, str], market: str
) -> None:
    run = asked_for(server, asks, market)
    assert exchange_total(ledger) == NOTHING
    refused = resume(server, run, "perhaps", "x")
    assert refused["status"] == "REJECT", refused
    assert server.flow_run(run)["state"]["name"] == "Paused"
    accepted = resume(server, run, "approve", "looks fine")
    assert accepted["status"] == "ACCEPT", accepted
    ended = server.ended(run)
    assert ended["state"]["name"] == "Completed", outcome(ended)
    assert "2 of 2 orders filled" in ended["state"]["message"]
    assert ended["name"] == f"rebalance {SESSION} · SIM1 · 2 orders"
    assert rows(ledger, "SELECT approved, note FROM approvals") == [
        {"approved": True, "note": "looks fine"}
    ]
    require_sound_books(ledger)


def test_rejected_in_the_ui(
    server: Server, ledger: Ledger, asks: dict[str, str], market: str
) -> None:
    run = asked_for(server, asks, market)
    resume(server, run, "reject", "too much")
    ended = server.ended(run)
    assert ended["state"]["name"] == "Skipped", outcome(ended)
    assert "rejected: too much" in ended["state"]["message"]
    assert "nothing is sent" in ended["state"]["message"]
    again = server.retried(run)
    assert again["state"]["name"] == "Skipped", outcome(again)
    assert exchange_total(ledger) == NOTHING


def test_nobody_decides_in_time(
    server: Server, ledger: Ledger, asks: dict[str, str], market: str
) -> None:
    run = asked_for(server, asks | {"ORDERWORKS_APPROVAL__WAIT_MINUTES": "0.3"}, market)
    ended = server.ended(run)
    assert ended["state"]["name"] == "Skipped", outcome(ended)
    assert "rejected: nobody decided within 0.3 minutes" in ended["state"]["message"]
    assert exchange_total(ledger) == NOTHING


def test_approved_at_the_command_line_while_the_form_is_open(
    server: Server,
    ledger: Ledger,
    in_force: dict[str, str],
    asks: dict[str, str],
    market: str,
) -> None:
    run = asked_for(server, asks, market)
    told("approve", run_key(ledger), "--note", "by phone", variables=in_force | asks)
    ended = server.ended(run)
    assert ended["state"]["name"] == "Completed", outcome(ended)
    assert "2 of 2 orders filled" in ended["state"]["message"]
    require_sound_books(ledger)


def test_killed_while_it_waits_it_asks_again_when_it_is_retried(
    server: Server, ledger: Ledger, asks: dict[str, str], market: str
) -> None:
    run = asked_for(server, asks, market)
    kill_run(run)
    assert server.ended(run)["state"]["type"] == "CRASHED"
    assert exchange_total(ledger) == NOTHING
    server.retry(run)
    require_form(server, run)
    assert exchange_total(ledger) == NOTHING
    resume(server, run, "approve", "after all")
    ended = server.ended(run)
    assert ended["state"]["name"] == "Completed", outcome(ended)
    require_sound_books(ledger)


def test_cancelled_while_it_waits(
    server: Server, ledger: Ledger, asks: dict[str, str], market: str
) -> None:
    run = asked_for(server, asks, market)
    server.cancel(run)
    cancelled = server.ended(run)
    assert cancelled["state"]["type"] == "CANCELLED", outcome(cancelled)
    wait_until(
        lambda: "cancelled in the Prefect UI; " in server.flow_run(run)["state"]["message"],
        lambda: outcome(server.flow_run(run)),
    )
    assert "2 cancelled" in server.flow_run(run)["state"]["message"], outcome(server.flow_run(run))
    again = server.retried(run)
    assert again["state"]["name"] == "Skipped", outcome(again)
    assert exchange_total(ledger) == NOTHING
