"""``orderworks health`` as a command."""

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import httpx
import pytest

from orderworks.ledger.accounts import open_account
from orderworks.ledger.connection import Ledger
from orderworks.ledger.runs import finish_run, start_run

ORDERWORKS = Path(sys.executable).with_name("orderworks")


@pytest.fixture
def in_force(tmp_path: Path) -> dict[str, str]:
    ours = ("ORDERWORKS_", "PREFECT_")
    kept = {name: at for name, at in os.environ.items() if not name.startswith(ours)}
    return kept | {"ORDERWORKS_HOME": str(tmp_path / "home")}


def health(in_force: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ORDERWORKS), "health", *arguments], env=in_force, capture_output=True, text=True
    )


@pytest.mark.proof
def test_exit_status_and_lines(in_force: dict[str, str], ledger: Ledger, ledger_url: str) -> None:
    in_force["ORDERWORKS_DATABASE_URL"] = ledger_url
    open_account(ledger, "SIM1", "simulated", "simulated")
    run = start_run(ledger, "SIM1", "daily:2026-11-20", "daily", date(2026, 11, 20), {})
    finish_run(ledger, run, "FAILED", "the broker went away")
    done = health(in_force)
    assert done.returncode == 1, done.stderr
    assert (
        "fails   SIM1, failed_runs: the last daily run, 'daily:2026-11-20', failed: the broker went away"
        in done.stdout
    )
    finish_run(ledger, run, "DONE", "all filled")
    done = health(in_force, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sound"] is True


def test_a_database_that_was_never_made_is_not_made(in_force: dict[str, str]) -> None:
    done = health(in_force)
    assert done.returncode == 1
    assert "There is no database in" in done.stdout
    assert not Path(in_force["ORDERWORKS_HOME"]).exists()


@pytest.mark.proof
def test_it_serves_until_it_is_told_to_end(
    in_force: dict[str, str], ledger: Ledger, ledger_url: str
) -> None:
    in_force["ORDERWORKS_DATABASE_URL"] = ledger_url
    with subprocess.Popen(
        [str(ORDERWORKS), "health", "--serve", "0"],
        env=in_force | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().split()[-1]
            assert address.startswith("http://127.0.0.1:")
            assert httpx.get(address, timeout=60).json()["sound"] is True
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in (0, -signal.SIGTERM)
        finally:
            process.kill()
