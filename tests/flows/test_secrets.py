"""Secrets are looked for in all that a run leaves behind: logs, artifacts, parameters, events, ledger."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas import State
from prefect_server import PrefectServer
from receivers import Receiver
from synthetic_day import SESSION, signal, write_table

from flows.automations import register_automations
from flows.daily import daily_execution
from orderworks.commands.errors import failure_of
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.model.errors import LedgerUnavailable, SettingsError
from orderworks.settings import load_settings

PLANTED = "Pl4nted-pa55word"
LISTS = ("logs", "artifacts", "flow_runs", "task_runs", "flow_run_states", "automations")
LOGS_AFTER_SECONDS = 4
"""The log handler sends in batches, every two seconds."""


@pytest.fixture
def planted(
    environment: dict[str, str], hooked: Receiver, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """The secrets that are in force: a webhook's token, and a database's password."""
    address = urlsplit(environment["ORDERWORKS_DATABASE_URL"])
    user, at, host = (address.netloc or "postgres@").partition("@")
    with_password = address._replace(netloc=f"{user}:{PLANTED}{at}{host}").geturl()
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", with_password)
    return [hooked.url.rpartition("/")[2], PLANTED]


async def daily(market: str, signals: str, **others: Any) -> State[Any]:
    return await daily_execution(
        session=SESSION, market=market, signals=signals, return_state=True, **others
    )


def kept_by(server: PrefectServer) -> Iterator[tuple[str, str]]:
    """All that the server shows, by what it is."""
    for name in LISTS:
        answer = httpx.post(f"{server.api}/{name}/filter", json={"limit": 200})
        if answer.status_code != httpx.codes.NOT_FOUND:
            yield name, answer.raise_for_status().text
    events = httpx.post(f"{server.api}/events/filter", json={"limit": 50}).raise_for_status().json()
    yield "events", json.dumps(events)
    while following := events.get("next_page"):
        events = httpx.get(following).raise_for_status().json()
        yield "events", json.dumps(events)


def dump(ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Every row of every table, as text."""
    tables = ledger.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'ledger'"
    ).fetchall()
    for (table,) in (tuple(row.values()) for row in tables):
        rows = ledger.execute(f"SELECT to_jsonb(t)::text AS row FROM {table} t".encode()).fetchall()
        yield f"ledger.{table}", "\n".join(row["row"] for row in rows)


@pytest.mark.proof
@pytest.mark.usefixtures("environment", "in_use", "dear")
async def test_no_secret_is_left_anywhere(
    ledger: Ledger,
    market: str,
    signals: str,
    planted: list[str],
    hooked: Receiver,
    server: PrefectServer,
    client: PrefectClient,
    caplog: pytest.LogCaptureFixture,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    await register_automations(client, load_settings())
    assert (await daily(market, signals)).is_completed()
    assert hooked.taken, "the secret was never used"
    # And where things go wrong: a receiver that refuses, a run that fails, a ledger that is away.
    hooked.status = 500
    others = write_table(tmp_path / "others.csv", signal("ACME", strength=0.6))
    ledger.execute("UPDATE runs SET state = 'PLANNED'")
    assert (await daily(market, others)).is_failed()
    with pytest.MonkeyPatch.context() as away:
        away.setenv("ORDERWORKS_DATABASE_URL", f"postgresql://me:{PLANTED}@127.0.0.1:1/none")
        assert (await daily(market, signals)).is_failed()
        away.setenv("ORDERWORKS_DATABASE_URL", f"postgresql://me:{PLANTED}@127.0.0.1:port/none")
        assert (await daily(market, signals)).is_failed()
    await asyncio.sleep(LOGS_AFTER_SECONDS)

    home = Path(environment["ORDERWORKS_HOME"])
    files = [(str(path), path.read_text("utf-8", "ignore")) for path in home.rglob("*.log")]
    shown = [*kept_by(server), *dump(ledger), *files, ("what was logged", caplog.text)]
    everything = "".join(text for _, text in shown)
    assert "the ledger's database does not answer" in everything
    assert "slippage_breach" in everything
    assert [name for name, text in shown if any(secret in text for secret in planted)] == []


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:{}@127.0.0.1:1/none",
        "postgresql://me:{}@127.0.0.1:port/none",
        "postgresql://me:{}/x@127.0.0.1/none",
        "postgresql://me:{}@no such host/none",
        "host=127.0.0.1 port=1 password={} bad",
        "postgresql//me:{}@127.0.0.1",
    ],
)
def test_no_error_of_a_database_shows_its_password(address: str) -> None:
    with pytest.raises(LedgerUnavailable) as refused:
        open_ledger(address.format(PLANTED))
    assert PLANTED not in str(refused.value)
    assert PLANTED not in repr(failure_of(refused.value))


@pytest.mark.parametrize("key", ["WEBHOOK", "SLACK", "EMAIL__PASSWORD"])
def test_a_secret_in_place_of_a_reference_is_refused_unseen(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ORDERWORKS_ALERTS__{key}", "https://hooks.example/T0KEN")
    with pytest.raises(SettingsError, match=r"put it into an environment variable") as refused:
        load_settings()
    assert "T0KEN" not in str(refused.value)


def test_settings_hold_no_secret(planted: list[str]) -> None:
    dumped = load_settings().model_dump_json()
    assert "env:ORDERWORKS_WEBHOOK_URL" in dumped
    assert not any(secret in dumped for secret in planted)


def test_the_planted_password_works(planted: list[str], ledger_url: str) -> None:
    with psycopg.connect(ledger_url, password=PLANTED) as connected:
        assert connected.info.password == PLANTED
