"""``orderworks doctor`` at a gateway: one line a question, and an exit status."""

import asyncio
import os
from pathlib import Path

import pytest
from gateway.gateway import PAPER_ACCOUNT
from gateway.requests import Request
from served_broker import Served, Serving
from typer.testing import CliRunner, Result

from orderworks.cli import app
from orderworks.ledger.connection import open_ledger
from orderworks.ledger.leases import lease_holder
from orderworks.model.finding import Level


@pytest.fixture
def settled(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings for the test's own ledger and the account of its gateway, but for the port."""
    for name in [name for name in os.environ if name.startswith("ORDERWORKS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", ledger_url)
    monkeypatch.setenv("ORDERWORKS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ORDERWORKS_BROKER__PROVIDER", "ibkr")
    monkeypatch.setenv("ORDERWORKS_BROKER__IBKR__ACCOUNT_ID", PAPER_ACCOUNT)
    monkeypatch.setenv("ORDERWORKS_BROKER__IBKR__CONNECT_SECONDS", "1")
    return monkeypatch


async def doctor(served: Served, settled: pytest.MonkeyPatch, *arguments: str) -> Result:
    settled.setenv("ORDERWORKS_BROKER__IBKR__PORT", str(served.port))
    return await asyncio.to_thread(CliRunner().invoke, app, ["doctor", *arguments])


def levels(result: Result) -> dict[str, str]:
    """The level of each line, by what it is about."""
    lines = [line.partition(":")[0].split(maxsplit=1) for line in result.stdout.splitlines()]
    return {subject: level for level, subject in lines}


async def test_a_sound_gateway_is_exit_status_0(
    serving: Serving, settled: pytest.MonkeyPatch
) -> None:
    settled.setenv("ORDERWORKS_BROKER__IBKR__CLOCK", "gateway")
    async with serving() as served:
        result = await doctor(served, settled, "--symbol", "ACME")
        assert served.received(Request.PLACE_ORDER) == 0
    assert result.exit_code == 0, result.stdout
    told = levels(result)
    assert set(told.values()) == {Level.OK, Level.LOOK}
    assert {"database", "gateway", "account", "client id", "market data"} <= told.keys()
    with open_ledger(served.url) as ledger:
        assert lease_holder(ledger, PAPER_ACCOUNT) is None


async def test_what_fails_is_one_line_and_exit_status_1(
    serving: Serving, settled: pytest.MonkeyPatch
) -> None:
    async with serving() as served:
        result = await doctor(served, settled, "--symbol", "NONE")
    assert result.exit_code == 1
    told = levels(result)
    # The gateway replays another day.
    failing = {subject for subject, level in told.items() if level == Level.FAILS}
    assert failing == {"clock", "market data"}


async def test_nothing_listening_is_a_line_and_no_traceback(
    serving: Serving, settled: pytest.MonkeyPatch
) -> None:
    async with serving() as served:
        served.port = 1
        result = await doctor(served, settled)
    assert result.exit_code == 1
    assert levels(result)["gateway"] == Level.FAILS
    assert "nothing listens there" in result.stdout
