"""The database's commands, on an embedded server of their own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from small_ledger import Says
from typer.testing import CliRunner, Result

from orderworks.commands.listings import app
from orderworks.ledger.connection import head
from orderworks.ledger.embedded import EmbeddedServer


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["db", *arguments])
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def own_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home whose embedded server is the database in force."""
    if os.name == "nt":
        pytest.skip("there is no embedded server on Windows")
    home = Path(tempfile.mkdtemp(prefix="orderworks-"))
    monkeypatch.setenv("ORDERWORKS_HOME", str(home))
    monkeypatch.delenv("ORDERWORKS_DATABASE_URL", raising=False)
    yield home
    EmbeddedServer(home).remove()
    shutil.rmtree(home)


@pytest.mark.proof
def test_a_database_starts_is_upgraded_and_stops(own_home: Path) -> None:
    assert run("stop").stdout == f"No embedded database runs in {own_home}.\n"
    url = run("url").stdout.strip()
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT to_regclass('ledger.orders')").fetchone()
        assert found == (None,)
    assert run("upgrade").stdout == f"{head()}\n"
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT version_num FROM ledger.alembic_version").fetchone()
        assert found == (head(),)
    assert run("stop").stdout == f"The embedded database in {own_home} is stopped.\n"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    assert run("stop").stdout == f"No embedded database runs in {own_home}.\n"


def test_the_address_in_force_is_the_one_that_is_named(says: Says, ledger_url: str) -> None:
    assert says("db", "url").stdout == f"{ledger_url}\n"
