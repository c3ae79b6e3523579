"""Prefect's events as one more channel of alerts: posted with an answer, so that none is dropped unseen.

``prefect.events.emit_event`` queues and never says whether anything arrived.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import httpx
from prefect.client.orchestration import get_client
from prefect.events import Event
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from orderworks.ledger.alert_deliveries import Stored
from orderworks.model.alert import severity_of
from orderworks.notification.channel import Refused, Undelivered
from orderworks.notification.message import headline, record_of, text_of
from orderworks.notification.outbox import EVENTS

RUN_TOLD = "orderworks.run_told"
"""Says of a flow run that how it ended has been told, so that the server's automation need not."""

TAG = {"prefect.resource.id": "prefect.tag.orderworks", "prefect.resource.role": "tag"}

_EVENT_IDS = UUID("6f1f7f0e-3c58-4f0b-9a52-8d3c1d0c7a11")


def has_server() -> bool:
    """Whether there is a Prefect server that outlives this process; the temporary one tells nobody."""
    return bool(PREFECT_API_URL.value())


@dataclass(frozen=True, slots=True)
class PrefectEvents:
    """Posts alerts to the server's feed, where its automations see them."""

    name: str = EVENTS
    batch: int = 50

    def send(self, alerts: Sequence[Stored], timeout: float) -> None:
        events = [
            event.model_dump(mode="json") for alert in alerts for event in events_of_alert(alert)
        ]
        try:
            # Its own retries would wait for longer than a wave can. It may ask for a CSRF token first.
            with (
                temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
                get_client(sync_client=True, httpx_settings={"timeout": timeout / 2}) as client,
            ):
                client.request("POST", "/events", json=events)
        except httpx.HTTPStatusError as error:
            code = error.response.status_code
            kind = Refused if code in (413, 422) else Undelivered
            raise kind(f"the Prefect server answered {code}") from None
        except (httpx.HTTPError, OSError) as error:
            raise Undelivered(
                f"the Prefect server does not answer ({type(error).__name__})"
            ) from None


def events_of_alert(alert: Stored) -> Iterator[Event]:
    """The event of an alert and, if it tells how a run ended, the one that says so of the run.

    Their ids follow from the alert: what is posted twice is one event.
    """
    key = f"{alert.account}|{alert.cause}|{alert.recorded_at.isoformat()}"
    yield _event(
        id=uuid5(_EVENT_IDS, key),
        event=f"orderworks.{alert.kind}",
        occurred=alert.recorded_at,
        resource={
            "prefect.resource.id": f"orderworks.account.{alert.account}",
            "prefect.resource.name": alert.account,
            "orderworks.kind": alert.kind,
            "orderworks.severity": str(severity_of(alert.kind)),
            "orderworks.told_by": str(alert.told_by),
        },
        payload={**record_of(alert), "headline": headline(alert), "text": text_of(alert)},
    )
    if flow_run_id := alert.payload.get("flow_run_id"):
        yield _event(
            id=uuid5(_EVENT_IDS, f"{key}|told"),
            event=RUN_TOLD,
            occurred=alert.recorded_at,
            # A state is an event of its own id. The server sees to it that this one comes after it.
            follows=alert.payload["state_id"],
            resource={
                "prefect.resource.id": f"prefect.flow-run.{flow_run_id}",
                "prefect.state-type": str(alert.payload["state"]).upper(),
            },
            payload={"kind": alert.kind, "cause": alert.cause},
        )


def _event(**fields: Any) -> Event:
    return Event.model_validate({**fields, "related": [TAG]})
