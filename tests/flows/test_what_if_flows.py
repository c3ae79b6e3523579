"""Margin asked of the broker before the plan: its answer refuses, its silence does as the settings say."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command_processes import Ended
from gateway_process import Process, tell
from judging import GATEWAY, require_sound_books, rows
from synthetic_day import in_session, signal, write_table

from orderworks.ledger.connection import Ledger

pytestmark = pytest.mark.proof

DECISIONS = "SELECT symbol, code, reason, saw FROM risk_decisions ORDER BY symbol"
QUESTIONS = "SELECT number FROM broker_numbers WHERE client_order_id = 'what-if'"
NUMBERS = "SELECT number FROM broker_numbers WHERE client_order_id <> 'what-if'"
THEIR_NUMBERS = "SELECT (document ->> 'order_id')::int AS number FROM gateway.orders"
WIDE_LIMITS = {
    f"ORDERWORKS_RISK__{name}": "1000000000"
    for name in (
        *("MAX_ORDER_NOTIONAL", "MAX_POSITION_PCT", "MAX_GROSS_EXPOSURE_PCT"),
        *("MAX_NET_EXPOSURE_PCT", "MAX_TURNOVER_PER_DAY_PCT"),
    )
}


@pytest.fixture
def cash_account(environment: dict[str, str]) -> None:
    """The gateway's account pays in full: it asks for more than the desk counts with."""
    environment["ORDERWORKS_BROKER__SIMULATED__ACCOUNT_TYPE"] = "cash"


def test_what_the_broker_says_is_too_large_is_refused_and_nothing_comes_of_the_question(
    cash_account: None,
    ledger: Ledger,
    gateway_process: Process,
    at_gateway: dict[str, str],
    orderworks: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    signals = write_table(
        tmp_path / "signals.csv",
        signal("ACME", quantity=150_000),
        signal("RUSH", quantity=100, strength=0.95),
    )
    settings = at_gateway | WIDE_LIMITS
    ended = orderworks(*in_session("daily"), "--signals", signals, **settings)
    assert ended.status == 0, ended.err
    tell(gateway_process, "speed 0")
    assert orderworks(*in_session("reconcile"), **settings).status == 0
    refused, passed = rows(ledger, DECISIONS)
    assert (refused["symbol"], refused["code"]) == ("ACME", "MARGIN")
    assert "of 10,000,000.00 is left" in refused["reason"]
    saw = refused["saw"]
    assert saw["margin_answer"] == "told"
    assert saw["margin_needed"] > 14_000_000
    assert saw["available_funds"] == 10_000_000
    assert saw["margin_commission"] > 0
    assert passed["code"] == "ACCEPTED"
    assert "margin_answer" not in passed["saw"]
    # The question has a number that no order has, here or there.
    [question] = [row["number"] for row in rows(ledger, QUESTIONS)]
    ours, theirs = (
        {row["number"] for row in rows(ledger, query)} for query in (NUMBERS, THEIR_NUMBERS)
    )
    assert ours == theirs
    assert ours
    assert question < min(ours)
    require_sound_books(ledger, GATEWAY)


@pytest.mark.parametrize(("policy", "code"), [("refuse", "MARGIN_UNKNOWN"), ("pass", "ACCEPTED")])
def test_silence_is_recorded_and_does_as_the_settings_say(
    ledger: Ledger,
    gateway_process: Process,
    at_gateway: dict[str, str],
    orderworks: Callable[..., Ended],
    tmp_path: Path,
    policy: str,
    code: str,
) -> None:
    tell(gateway_process, "fault request.PLACE_ORDER Lose")
    signals = write_table(tmp_path / "signals.csv", signal("RUSH", quantity=100, strength=0.95))
    ended = orderworks(
        *in_session("daily"),
        *("--signals", signals),
        **at_gateway | {"ORDERWORKS_RISK__UNKNOWN_MARGIN": policy},
    )
    assert ended.status == 0, ended.err
    [decision] = rows(ledger, DECISIONS)
    assert decision["code"] == code
    assert decision["saw"]["margin_answer"] == "unknown"
    orders = rows(ledger, "SELECT 1 FROM gateway.orders")
    assert bool(orders) == (policy == "pass")
