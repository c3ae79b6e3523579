"""Alerts of replayed sessions, told through a real Prefect server and a real webhook receiver."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun
from prefect.events import Event
from prefect.states import Crashed, Pending, Scheduled, State
from prefect_server import PrefectServer
from receivers import Receiver
from synthetic_day import SESSION, signal, write_table

from flows.automations import AUTOMATIONS, WEBHOOK_BLOCK, register_automations
from flows.daily import daily_execution
from flows.kill_switch import kill_switch
from orderworks.ledger.alert_deliveries import Stored
from orderworks.ledger.connection import Ledger
from orderworks.model.alert import KINDS
from orderworks.model.errors import SettingsError
from orderworks.notification import outbox
from orderworks.settings import load_settings
from tasks.prefect_events import events_of_alert
from tasks.tell_alerts import BETWEEN_WAVES_SECONDS, deliver_now

pytestmark = [pytest.mark.proof, pytest.mark.usefixtures("environment", "in_use")]

SETTLE_SECONDS = 4
"""A server tells half a second after an event; what has not come by now does not come."""


async def daily(market: str, signals: str | None) -> State[Any]:
    return await daily_execution(session=SESSION, market=market, signals=signals, return_state=True)


def alerts(ledger: Ledger) -> list[dict[str, Any]]:
    return ledger.execute("SELECT * FROM alerts ORDER BY id").fetchall()


def events_of(server: PrefectServer, name: str) -> list[dict[str, Any]]:
    asked = {"filter": {"event": {"prefix": [name]}}, "limit": 50}
    answer = httpx.post(f"{server.api}/events/filter", json=asked)
    return list(answer.raise_for_status().json()["events"])


async def settled(condition: Callable[[], bool], seconds: float = 30) -> None:
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


async def test_who_is_slow_between_waves_is_told_as_the_run_ends(
    ledger: Ledger,
    market: str,
    signals: str,
    hooked: Receiver,
    dear: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "FIRST_WAIT", 600)
    hooked.delay = BETWEEN_WAVES_SECONDS + 0.5
    await daily(market, signals)
    waiting = ledger.execute("SELECT 1 FROM alert_deliveries WHERE delivered_at IS NULL").fetchall()
    assert waiting == []
    assert set(hooked.causes()) == {alert["cause"] for alert in alerts(ledger)}


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
    stoppable_server: PrefectServer,
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
    stoppable_server.stop()
    try:
        begun = time.monotonic()
        assert await asyncio.to_thread(deliver_now, load_settings()) == len(stored)
        assert time.monotonic() - begun < 10
    finally:
        stoppable_server.start()
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
    assert record["link"].endswith(f"/runs/flow-run/{record['details']['flow_run_id']}")
    assert [a["told_by"] for a in alerts(ledger) if a["kind"] == "run_failed"] == [
        "orderworks",
        "nobody",
    ]
    told = {f"prefect.flow-run.{record['details']['flow_run_id']}"}
    await settled(lambda: len(events_of(server, "orderworks.run_told")) >= 2)
    assert told <= {
        event["resource"]["prefect.resource.id"]
        for event in events_of(server, "orderworks.run_told")
    }, server.complaints()


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
    block = await client.read_block_document_by_name(
        WEBHOOK_BLOCK, "webhook", include_secrets=False
    )
    assert block.data["url"] != hooked.url, "the server shows the secret"

    monkeypatch.delenv("ORDERWORKS_WEBHOOK_URL")
    assert await register_automations(client, load_settings()) == ["orderworks-run-silent"]
    assert await client.read_automations_by_name("orderworks-run-lost") == []

    monkeypatch.setenv("ORDERWORKS_ALERTS__BLOCKS", '["slack-webhook/nowhere"]')
    with pytest.raises(SettingsError, match="names 'slack-webhook/nowhere'"):
        await register_automations(client, load_settings())


async def test_what_only_the_server_sees_it_tells_once(
    client: PrefectClient, hooked: Receiver
) -> None:
    """A run that is late, one that crashed unheard, and a pool whose worker is gone.

    One that crashed and told so is spared.
    """
    await register_automations(client, load_settings())
    await client.create_work_pool(WorkPoolCreate(name="orderworks-desk", type="process"))
    await client.send_worker_heartbeat("orderworks-desk", "worker", heartbeat_interval_seconds=1)
    deployment = await client.create_deployment(
        await client.create_flow(daily_execution),
        "daily",
        work_pool_name="orderworks-desk",
        tags=["orderworks"],
    )

    async def run(state: State[Any]) -> FlowRun:
        return await client.create_flow_run_from_deployment(deployment, state=state)

    past = datetime.now(UTC) - timedelta(minutes=1)
    late, later = [await run(Scheduled(scheduled_time=past)) for _ in range(2)]
    unheard, heard = await run(Pending()), await run(Pending())
    for crashed in (unheard, heard):
        await client.set_flow_run_state(crashed.id, Crashed(message="its machine is gone"))
    await post(client, run_told(await client.read_flow_run(heard.id)))

    await settled(lambda: len(hooked.taken) >= 3, seconds=150)
    told = {record["kind"]: record for record in hooked.taken}
    assert sorted(record["kind"] for record in hooked.taken) == [
        "run_late",
        "run_lost",
        "worker_gone",
    ]
    assert told["run_late"]["cause"] in {f"run_late:{one.id}" for one in (late, later)}
    lost = told["run_lost"]
    assert (lost["cause"], lost["severity"]) == (f"run_lost:{unheard.id}", "critical")
    assert lost["message"] == f"{unheard.name} ended Crashed: its machine is gone"
    assert lost["link"].endswith(f"/runs/flow-run/{unheard.id}")
    assert "pool orderworks-desk" in told["worker_gone"]["message"]


def run_told(run: FlowRun) -> Event:
    """What the process of a run that crashed posts once it has told so."""
    alert = Stored(
        id=1,
        account="SIM1",
        kind="run_failed",
        cause=f"run_failed:{run.id}",
        subject="run_failed",
        client_order_id=None,
        message="it failed",
        payload={
            "flow_run_id": str(run.id),
            "state": "Crashed",
            "state_id": str(run.state_id),
        },
        at=datetime.now(UTC),
        recorded_at=datetime.now(UTC),
        link=None,
        told_by="orderworks",
    )
    return list(events_of_alert(alert))[1]


async def post(client: PrefectClient, event: Event) -> None:
    await client.request("POST", "/events", json=[event.model_dump(mode="json")])
