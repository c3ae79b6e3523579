"""Cancel, pressed in the UI in the middle of a wave: nothing more is sent, what rests is cancelled."""

import time

import pytest
from gateway_process import ACCOUNT, Process, require_equal_books, tell
from judging import LIVE, rows
from operating_house import Server, outcome, told, wait_until
from synthetic_day import SESSION

from orderworks.ledger.connection import Ledger

pytestmark = pytest.mark.proof

A_LATER_SLICE = "SELECT 1 FROM orders WHERE slice_index > 0 AND state = ANY(%s)"
RECEIVED = "SELECT document -> 'fields' ->> 'orderRef' AS name FROM gateway.orders"
RESTING = (
    "SELECT o.attached_to IS NOT NULL AS exits FROM exchange.orders e "
    "JOIN gateway.orders g ON g.perm_id::text = e.client_order_id "
    "JOIN orders o ON o.client_order_id = g.document -> 'fields' ->> 'orderRef' "
    "WHERE e.state = ANY(%s)"
)
STAYS_SECONDS = 5


def received(ledger: Ledger) -> set[str]:
    """What the broker has ever received, by its own record."""
    return {row["name"] for row in rows(ledger, RECEIVED)}


def test_nothing_is_sent_after_it_what_rests_is_cancelled_and_a_sentence_says_so(
    server: Server,
    ledger: Ledger,
    in_force: dict[str, str],
    gateway: tuple[Process, dict[str, str]],
    signals: str,
) -> None:
    process, variables = gateway
    run = server.run("daily-SIM1", variables, session=str(SESSION), signals=signals)
    wait_until(
        lambda: rows(ledger, A_LATER_SLICE, list(LIVE)) != [],
        lambda: outcome(server.flow_run(run)),
    )
    assert server.flow_run(run)["state"]["type"] == "RUNNING"

    server.cancel(run)
    wait_until(lambda: rows(ledger, "SELECT 1 FROM runs WHERE state = 'CANCELLED'") != [])
    sent = received(ledger)
    cancelled = server.ended(run)
    assert cancelled["state"]["type"] == "CANCELLED"
    started = f"Run daily:{SESSION} is cancelled: cancelled in the Prefect UI; "
    wait_until(
        lambda: server.flow_run(run)["state"]["message"].startswith(started),
        lambda: outcome(server.flow_run(run)),
    )
    said = server.flow_run(run)["state"]["message"]
    assert "of 6 orders filled" in said, said
    assert " cancelled" in said.split("filled")[1], said
    assert server.flow_run(run)["name"] == f"daily {SESSION} · {ACCOUNT} · 6 orders"

    tell(process, "speed 0")
    time.sleep(STAYS_SECONDS)
    assert received(ledger) == sent
    # What was filled keeps its exits, and nothing else rests.
    resting = rows(ledger, RESTING, list(LIVE))
    assert resting
    assert all(order["exits"] for order in resting), resting

    again = server.retried(run)
    assert again["state"]["name"] == "Skipped", outcome(again)
    assert "was cancelled" in again["state"]["message"]
    assert "nothing is sent" in again["state"]["message"]
    told("run", "reconcile", "--session", str(SESSION), variables=in_force | variables)
    assert received(ledger) == sent
    require_equal_books(ledger)
