"""Resuming: the account whose switch was thrown, and no other."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from orderworks.cli import app
from orderworks.ledger.connection import Ledger
from orderworks.ledger.controls import EVERY_ACCOUNT, kill_reason, throw_kill_switch


@pytest.fixture(autouse=True)
def _on_this_ledger(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", ledger_url)
    monkeypatch.setenv("ORDERWORKS_HOME", str(tmp_path))


def resume(*options: str) -> Result:
    return CliRunner().invoke(app, ["resume", "--reason", "it is right again", *options])


def test_the_account_of_a_broker(ledger: Ledger) -> None:
    throw_kill_switch(ledger, "STUB1", "a test")
    other = resume()
    assert (other.exit_code, other.stdout) == (2, "")
    assert "account SIM1 was not killed" in other.stderr
    assert kill_reason(ledger, "STUB1") == "a test"

    done = resume("--broker", "paper_stub")
    assert (done.exit_code, kill_reason(ledger, "STUB1")) == (0, None)
    assert done.stdout == "Account STUB1 may send again: it is right again\n"
    assert resume("--broker", "paper_stub").exit_code == 2


def test_a_switch_for_every_account_is_told(ledger: Ledger) -> None:
    throw_kill_switch(ledger, "SIM1", "a test")
    throw_kill_switch(ledger, EVERY_ACCOUNT, "the feed is wrong")
    refused = resume()
    assert refused.exit_code == 2
    assert "every account was killed (the feed is wrong)" in refused.stderr
    assert kill_reason(ledger, "SIM1") is not None


def test_a_broker_that_does_not_exist() -> None:
    refused = resume("--broker", "nobody")
    assert refused.exit_code == 2
    assert "'broker.provider' cannot be 'nobody'" in refused.stderr
