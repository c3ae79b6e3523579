"""Cancel, pressed in the UI in the middle of a wave: nothing more is sent, what rests is cancelled."""

import time

import pytest
from caught_run import CaughtRun
from gateway_process import ACCOUNT, tell
from judging import LIVE, rows
from operating_house import outcome, wait_until
from synthetic_day import SESSION

pytestmark = pytest.mark.proof

RESTING = (
    "SELECT o.attached_to IS NOT NULL AS exits FROM exchange.orders e "
    "JOIN gateway.orders g ON g.perm_id::text = e.client_order_id "
    "JOIN orders o ON o.client_order_id = g.document -> 'fields' ->> 'orderRef' "
    "WHERE e.state = ANY(%s)"
)
STAYS_SECONDS = 5


def test_nothing_is_sent_after_it_what_rests_is_cancelled_and_a_sentence_says_so(
    caught: CaughtRun,
) -> None:
    server, ledger = caught.server, caught.ledger
    server.cancel(caught.id)
    wait_until(lambda: rows(ledger, "SELECT 1 FROM runs WHERE state = 'CANCELLED'") != [])
    sent = caught.received
    cancelled = server.ended(caught.id)
    assert cancelled["state"]["type"] == "CANCELLED"
    started = f"Run daily:{SESSION} is cancelled: cancelled in the Prefect UI; "
    wait_until(
        lambda: caught.flow_run["state"]["message"].startswith(started),
        lambda: outcome(caught.flow_run),
    )
    said = caught.flow_run["state"]["message"]
    assert "of 6 orders filled" in said, said
    assert " cancelled" in said.split("filled")[1], said
    assert caught.flow_run["name"] == f"daily {SESSION} · {ACCOUNT} · 6 orders"

    tell(caught.gateway, "speed 0")
    time.sleep(STAYS_SECONDS)
    assert caught.received == sent
    # What was filled keeps its exits, and nothing else rests.
    resting = rows(ledger, RESTING, list(LIVE))
    assert resting
    assert all(order["exits"] for order in resting), resting

    again = server.retried(caught.id)
    assert again["state"]["name"] == "Skipped", outcome(again)
    assert "was cancelled" in again["state"]["message"]
    assert "nothing is sent" in again["state"]["message"]
    caught.require_sound()
    assert caught.received == sent
