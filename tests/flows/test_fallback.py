"""A run whose gateway cannot be reached when it starts goes to the paper stub, if that is set."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from command_processes import Ended
from fallback_gateway import FALLS_BACK, gateway
from gateway_process import ACCOUNT
from judging import rows
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from synthetic_day import SESSION, signal, write_table

from orderworks.ledger.connection import Ledger

pytestmark = pytest.mark.proof

STUB = "STUB1"
ACCOUNTS = "SELECT account FROM accounts"
RUNS = "SELECT account, run_key, state FROM runs ORDER BY run_id"
KEY = f"daily:{SESSION}"
DAILY = ("run", "daily", "--session", str(SESSION))

Runs = Callable[..., Ended]


@pytest.fixture
def one_signal(tmp_path: Path) -> str:
    return write_table(tmp_path / "signals.csv", signal("ACME", quantity=100))


async def artifacts(key: str) -> list[str]:
    async with get_client() as client:
        found = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        )
    return [str(one.data) for one in found]


def test_a_run_whose_gateway_is_not_there_is_done_on_the_stub_and_says_so_loudly(
    ledger: Ledger, environment: dict[str, str], orderworks: Runs, market: str, one_signal: str
) -> None:
    asked = (*DAILY, "--signals", one_signal)
    ended = orderworks(*asked, "--market", market, **FALLS_BACK)
    assert ended.status == 0, ended.err
    assert f"account {STUB}, NOT at Interactive Brokers ({ACCOUNT})" in ended.out
    assert "nothing listens there" in ended.out
    assert rows(ledger, ACCOUNTS) == [{"account": STUB}]
    filled = rows(
        ledger,
        "SELECT account, symbol, quantity FROM positions WHERE symbol = 'ACME'",
    )
    assert filled == [{"account": STUB, "symbol": "ACME", "quantity": 100}]
    (alert,) = rows(ledger, "SELECT account, message FROM alerts WHERE kind = 'fallback'")
    assert alert["account"] == STUB
    assert "NOT at Interactive Brokers" in alert["message"]
    (shown,) = asyncio.run(artifacts(f"fallback-{STUB.lower()}-{SESSION}"))
    assert "Not traded at Interactive Brokers" in shown
    with gateway(environment, market) as there:
        # The run stays where it began, and a later one is the broker's again.
        again = orderworks(*asked, "--market", market, **there)
        assert "done already" in again.out
        assert rows(ledger, ACCOUNTS) == [{"account": STUB}]
        later = orderworks(*asked, "--run-key", "daily:later", **there)
        assert later.status == 0, later.err
    assert rows(ledger, RUNS) == [
        {"account": STUB, "run_key": KEY, "state": "DONE"},
        {"account": ACCOUNT, "run_key": "daily:later", "state": "DONE"},
    ]


def test_a_run_that_began_at_the_broker_stays_there(
    ledger: Ledger, environment: dict[str, str], orderworks: Runs, market: str, one_signal: str
) -> None:
    asked = (*DAILY, "--signals", one_signal)
    with gateway(environment, market) as there:
        began = orderworks(
            *asked, "--market", market, **there | {"ORDERWORKS_CRASH_AT": "plan-frozen"}
        )
        assert began.status != 0
    ended = orderworks(*asked, "--market", market, **FALLS_BACK)
    assert ended.status != 0
    assert "cannot be reached" in ended.err
    assert rows(ledger, ACCOUNTS) == [{"account": ACCOUNT}]


def test_books_are_never_reconciled_with_a_stand_in(
    ledger: Ledger, orderworks: Runs, market: str
) -> None:
    ended = orderworks(
        "run", "reconcile", "--session", str(SESSION), "--market", market, **FALLS_BACK
    )
    assert ended.status != 0
    assert "cannot be reached" in ended.err
    assert rows(ledger, "SELECT 1 FROM accounts WHERE account = %s", [STUB]) == []


def test_without_recorded_quotes_there_is_nothing_to_fall_back_to(
    ledger: Ledger, orderworks: Runs, market: str, one_signal: str
) -> None:
    asked = (*DAILY, "--signals", one_signal)
    ended = orderworks(*asked, **FALLS_BACK)
    assert ended.status == 2
    assert "set broker.fallback_market" in ended.err
    named = FALLS_BACK | {"ORDERWORKS_BROKER__FALLBACK_MARKET": market}
    assert orderworks(*asked, **named).status == 0


def test_a_stopped_account_is_not_traded_on_the_stub_either(
    ledger: Ledger, orderworks: Runs, market: str, one_signal: str
) -> None:
    orderworks("kill", "--reason", "a drill", "--session", str(SESSION), **FALLS_BACK)
    ended = orderworks(*DAILY, "--signals", one_signal, "--market", market, **FALLS_BACK)
    assert ended.status != 0
    assert "a drill" in ended.err
    assert rows(ledger, "SELECT 1 FROM orders") == []


def test_live_trading_never_falls_back(orderworks: Runs, market: str, one_signal: str) -> None:
    live = {
        "ORDERWORKS_BROKER__PAPER_TRADING": "false",
        "ORDERWORKS_BROKER__IBKR__CLOCK": "wall",
        "ORDERWORKS_ALLOW_LIVE": "yes",
    }
    ended = orderworks(*DAILY, "--signals", one_signal, "--market", market, **FALLS_BACK | live)
    assert ended.status == 2
    assert "broker.fallback" in ended.err
