"""Alerts of replayed sessions, told through a real Prefect server and a real webhook receiver."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.events import Event
from prefect.states import State
from prefect_server import PrefectServer
from receivers import Receiver
from synthetic_day import SESSION, a_whole_day, signal, write_table

from flows.automations import AUTOMATIONS, WEBHOOK_BLOCK, register_automations
from flows.daily import daily_execution
from flows.kill_switch import kill_switch
from orderworks.ledger.connection import Ledger
from orderworks.model.alert import KINDS
from orderworks.model.errors import SettingsError
from orderworks.settings import load_settings
from tasks.tell_alerts import deliver_now

pytestmark = pytest.mark.usefixtures("environment", "in_use")

SETTLE_SECONDS = 4
"""A server tells half a second after an event; what has not come by now does not come."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    with PrefectServer(tmp_path_factory.mktemp("prefect")) as started:
        yield started


@pytest.fixture
def in_use(server: PrefectServer) -> Iterator[None]:
    with server.in_use():
        yield


@pytest_asyncio.fixture
async def client(in_use: None) -> AsyncIterator[PrefectClient]:
    async with get_client() as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture
def hooked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The receiver as the settings' webhook."""
    monkeypatch.setenv("ORDERWORKS_WEBHOOK_URL", receiver.url)
    return receiver


@pytest.fixture
def dear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything that costs at all is a breach."""
    monkeypatch.setenv("ORDERWORKS_QUALITY__ALERT_SLIPPAGE_BPS", "0.01")


@pytest.fixture
def signals(tmp_path: Path) -> str:
    return write_table(tmp_path / "signals.csv", *a_whole_day())


async def daily(market: str, signals: str | None) -> State[Any]:
    return await daily_execution(session=SESSION, market=market, signals=signals, return_state=True)


def alerts(ledger: Ledger) -> list[dict[str, Any]]:
    return ledger.execute("SELECT * FROM alerts ORDER BY id").fetchall()


def events_of(server: PrefectServer, name: str) -> list[dict[str, Any]]:
    asked = {"filter": {"event": {"prefix": [name]}}, "limit": 50}
    answer = httpx.post(f"{server.api}/events/filter", json=asked)
    return list(answer.raise_for_status().json()["events"])


async def settled(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Returns when a condition holds, and a little later: then what came too much has come, too."""
    given_up_at = time.monotonic() + seconds
    while not condition() and time.monotonic() < given_up_at:
        await asyncio.sleep(0.2)
    await asyncio.sleep(SETTLE_SECONDS)


async def test_a_breach_arrives_once_with_order_threshold_and_link(
    ledger: Ledger,
    market: str,
    signals: str,
    hooked: Receiver,
    dear: None,
    server: PrefectServer,
    client: PrefectClient,
) -> None:
    await register_automations(client, load_settings())
    state = await daily(market, signals)
    assert state.is_completed(), state.message
    stored = alerts(ledger)
    kinds = Counter(alert["kind"] for alert in stored)
    assert kinds["slippage_breach"] > 1
    assert kinds["day_slippage_breach"] == 1
    assert kinds["order_rejected"] == 1
    for alert in stored:
        assert alert["payload"].keys() <= KINDS[alert["kind"]].payload.keys()

    await settled(lambda: len(events_of(server, "orderworks.")) >= len(stored))
    assert hooked.causes() == [alert["cause"] for alert in stored]
    breach = next(one for one in hooked.taken if one["kind"] == "slippage_breach")
    row = ledger.execute(
        "SELECT symbol FROM orders WHERE client_order_id = %s", (breach["client_order_id"],)
    ).fetchone()
    assert row == {"symbol": breach["details"]["symbol"]}
    assert breach["threshold"] == 0.01
    run_id = UUID(breach["link"].rpartition("/")[2])
    assert breach["link"].startswith(server.address)
    run = await client.read_flow_run(run_id)
    assert run.name.startswith("daily")

    posted = {event["payload"]["cause"]: event for event in events_of(server, "orderworks.")}
    assert set(posted) == set(hooked.causes())
    resource = posted[breach["cause"]]["resource"]
    assert resource["prefect.resource.id"] == "orderworks.account.SIM1"
    assert resource["orderworks.told_by"] == "orderworks"


async def test_it_is_told_as_the_order_fills_not_at_the_end(
    ledger: Ledger, market: str, tmp_path: Path, hooked: Receiver, dear: None
) -> None:
    twap = write_table(tmp_path / "twap.csv", signal("SLIM", quantity=3200, algo="twap"))
    await daily(market, twap)
    (breach,) = (one for one in alerts(ledger) if one["kind"] == "slippage_breach")
    row = ledger.execute(
        "SELECT max(last_fill_at) AS filled, min(first_fill_at) AS begun FROM orders "
        "WHERE parent_id IS NULL AND attached_to IS NULL"
    ).fetchone()
    assert row is not None
    assert row["begun"] <= breach["at"] < row["filled"]
    assert breach["payload"]["filled_quantity"] < 3200


async def test_without_a_channel_of_its_own_the_server_tells(
    ledger: Ledger,
    market: str,
    signals: str,
    receiver: Receiver,
    dear: None,
    client: PrefectClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await Webhook.model_validate({"url": receiver.url}).asave("desk", overwrite=True, client=client)
    monkeypatch.setenv("ORDERWORKS_ALERTS__BLOCKS", '["webhook/desk"]')
    await register_automations(client, load_settings())
    await daily(market, signals)
    stored = alerts(ledger)
    assert {alert["told_by"] for alert in stored} == {"automation"}
    await settled(lambda: len(receiver.taken) >= len(stored))
    assert sorted(receiver.causes()) == sorted(alert["cause"] for alert in stored)
    (breach, *_) = (one for one in receiver.taken if one["kind"] == "slippage_breach")
    assert breach["threshold"] == 0.01
    assert breach["client_order_id"] is not None
    assert "/runs/flow-run/" in breach["link"]


async def test_with_the_server_away_it_arrives_directly_and_not_again(
    ledger: Ledger,
    market: str,
    signals: str,
    hooked: Receiver,
    dear: None,
    server: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with get_client() as client:
        await register_automations(client, load_settings())
    hooked.status = 503
    await daily(market, signals)
    stored = alerts(ledger)
    assert hooked.taken == []
    # None of it has come to the server either: as if that had been away all the time.
    ledger.execute(
        "UPDATE alert_deliveries SET delivered_at = NULL, next_attempt_at = clock_timestamp()"
    )
    ledger.execute("UPDATE alerts SET recorded_at = recorded_at + interval '1 microsecond'")
    hooked.status = 200
    server.stop()
    try:
        begun = time.monotonic()
        assert await asyncio.to_thread(deliver_now, load_settings()) == len(stored)
        assert time.monotonic() - begun < 10
    finally:
        server.start()
    assert hooked.causes() == [alert["cause"] for alert in stored]
    ledger.execute("UPDATE alert_deliveries SET next_attempt_at = clock_timestamp()")
    assert await asyncio.to_thread(deliver_now, load_settings()) == len(stored)
    await asyncio.sleep(SETTLE_SECONDS)
    assert len(hooked.taken) == len(stored)
    waiting = ledger.execute("SELECT 1 FROM alert_deliveries WHERE delivered_at IS NULL").fetchall()
    assert waiting == []


async def test_a_run_that_fails_is_told_once_a_period_by_its_process(
    ledger: Ledger, market: str, signals: str, hooked: Receiver, server: PrefectServer
) -> None:
    await daily(market, signals)
    hooked.taken.clear()
    ledger.execute("UPDATE runs SET state = 'PLANNED'")
    others = write_table(Path(signals).with_name("others.csv"), signal("ACME", strength=0.6))
    for _ in range(2):
        assert (await daily(market, others)).is_failed()
    (record,) = hooked.taken
    assert (record["kind"], record["severity"]) == ("run_failed", "critical")
    assert "was planned from other inputs" in record["message"]
    assert record["details"]["state"] == "Failed"
    assert [a["told_by"] for a in alerts(ledger) if a["kind"] == "run_failed"] == [
        "orderworks",
        "nobody",
    ]
    told = {f"prefect.flow-run.{record['details']['flow_run_id']}"}
    await settled(lambda: len(events_of(server, "orderworks.run_told")) >= 2)
    assert told <= {
        event["resource"]["prefect.resource.id"]
        for event in events_of(server, "orderworks.run_told")
    }


async def test_the_kill_switch_is_told(
    ledger: Ledger, market: str, signals: str, hooked: Receiver
) -> None:
    await daily(market, signals)
    await kill_switch("the model is wrong", session=SESSION, market=market)
    killed = [one for one in hooked.taken if one["kind"] == "kill_switch"]
    assert [one["details"]["reason"] for one in killed] == ["the model is wrong"]
    assert "/runs/flow-run/" in killed[0]["link"]


async def test_registering_again_changes_nothing_but_what_changed(
    client: PrefectClient, hooked: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = await register_automations(client, load_settings())
    assert f"name: {names[0]}" in AUTOMATIONS.read_text("utf-8")
    (lost,) = await client.read_automations_by_name("orderworks-run-lost")
    await client.pause_automation(lost.id)
    assert await register_automations(client, load_settings()) == names
    for name in names:
        (found,) = await client.read_automations_by_name(name)
        assert found.enabled is (name != "orderworks-run-lost")
    await client.resume_automation(lost.id)
    block = await client.read_block_document_by_name(WEBHOOK_BLOCK, "webhook")
    assert block.data["url"] != hooked.url, "the server shows the secret"

    monkeypatch.delenv("ORDERWORKS_WEBHOOK_URL")
    assert await register_automations(client, load_settings()) == ["orderworks-run-silent"]
    assert await client.read_automations_by_name("orderworks-run-lost") == []

    monkeypatch.setenv("ORDERWORKS_ALERTS__BLOCKS", '["slack-webhook/nowhere"]')
    with pytest.raises(SettingsError, match="names 'slack-webhook/nowhere'"):
        await register_automations(client, load_settings())


async def test_what_only_the_server_sees_it_tells(
    client: PrefectClient, hooked: Receiver, server: PrefectServer
) -> None:
    """A run that crashed unheard, a late one, and a pool that nobody works; one that told is spared."""
    await register_automations(client, load_settings())
    (lost,) = await client.read_automations_by_name("orderworks-run-lost")
    assert lost.trigger.within.total_seconds() == 60  # type: ignore[union-attr]
    unheard, heard = uuid4(), uuid4()
    tag = {"prefect.resource.id": "prefect.tag.orderworks", "prefect.resource.role": "tag"}

    def run_event(name: str, run: UUID) -> Event:
        resource = {
            "prefect.resource.id": f"prefect.flow-run.{run}",
            "prefect.resource.name": "daily",
            "prefect.state-type": StateType.CRASHED.value,
        }
        return Event.model_validate({"event": name, "resource": resource, "related": [tag]})

    pool = {"prefect.resource.id": f"prefect.work-pool.{uuid4()}"}
    gone = Event.model_validate(
        {
            "event": "prefect.work-pool.not-ready",
            "resource": {**pool, "prefect.resource.name": "orderworks"},
        }
    )
    crashed = [run_event("prefect.flow-run.Crashed", run) for run in (unheard, heard)]
    await post(client, [gone, *crashed])
    await asyncio.sleep(1)
    await post(client, [run_event("orderworks.run_told", heard)])
    await settled(lambda: len(hooked.taken) >= 2, seconds=100)
    assert sorted(record["kind"] for record in hooked.taken) == ["run_lost", "worker_gone"]


async def post(client: PrefectClient, events: list[Event]) -> None:
    await client.request("POST", "/events", json=[one.model_dump(mode="json") for one in events])
