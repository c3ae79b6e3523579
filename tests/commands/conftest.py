"""The command line on a ledger of each test's own."""

import os
from pathlib import Path

import pytest
from small_ledger import Says, write_books
from typer.testing import CliRunner, Result

from orderworks.commands.listings import app
from orderworks.ledger.connection import Ledger


@pytest.fixture
def says(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    """The command line on the test's own ledger and home."""
    for name in [name for name in os.environ if name.startswith("ORDERWORKS_")]:
        monkeypatch.delenv(name)
    for name in ("FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", ledger_url)
    monkeypatch.setenv("ORDERWORKS_HOME", str(tmp_path / "home"))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return run


@pytest.fixture
def books(ledger: Ledger) -> Ledger:
    """The test's ledger with the small set of rows in it."""
    write_books(ledger)
    return ledger
