"""The Prefect server's automations: made from ``deployments/automations.yaml``, and kept as it says."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.blocks.notifications import SlackWebhook
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import PrefectClient
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY

from flows.environment import HEARTBEAT_SECONDS
from orderworks.model.alert import KINDS
from orderworks.model.errors import SettingsError
from orderworks.model.secret import dereferenced
from orderworks.settings import Alerts, Settings

AUTOMATIONS = Path(__file__).resolve().parents[1] / "deployments" / "automations.yaml"

PERIOD, SILENCE = "{period}", "{silence}"
"""Stand in the file for the setting ``alerts.period_seconds``, and for ``silent_seconds``."""

SIGNS_MISSED = 3
"""A run that gives no sign of life for as long as it gives so many is taken for dead."""

WEBHOOK_BLOCK, SLACK_BLOCK = "orderworks-webhook", "orderworks-slack"


@dataclass(frozen=True, slots=True)
class Told:
    """What an automation tells, as templates: a JSON record for webhooks, words for the rest."""

    record: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """A block of the server that tells somebody."""

    block: UUID
    takes_records: bool

    def action(self, told: Told) -> dict[str, Any]:
        if self.takes_records:
            return {
                "type": "call-webhook",
                "block_document_id": str(self.block),
                "payload": told.record,
            }
        return {
            "type": "send-notification",
            "block_document_id": str(self.block),
            "subject": told.subject,
            "body": told.body,
        }


async def register_automations(client: PrefectClient, settings: Settings) -> list[str]:
    """Makes the server's automations what the file and the settings say, however often it is called.

    The settings' webhook and Slack, as far as their secrets are in the environment, are saved as the
    server's blocks ``orderworks-webhook`` and ``orderworks-slack``, which it keeps encrypted. An
    automation that somebody switched off stays off; one that has nothing to do is removed. E-mail has no
    block in Prefect itself: what only the server can tell needs another channel.

    Returns:
        The names of those that are registered.

    Raises:
        SettingsError: if ``alerts.blocks`` names a block that the server does not have.
    """
    recipients = await _recipients(client, settings.alerts)
    registered = []
    for automation in automations(settings.alerts, recipients):
        existing = await client.read_automations_by_name(automation.name)
        # Two who registered at once left two: one is enough.
        for surplus in existing[1:] if automation.actions else existing:
            await client.delete_automation(surplus.id)
        if not automation.actions:
            continue
        if existing:
            kept = automation.model_copy(update={"enabled": existing[0].enabled})
            await client.update_automation(existing[0].id, kept)
        else:
            await client.create_automation(automation)
        registered.append(automation.name)
    return registered


def automations(settings: Alerts, recipients: Sequence[Recipient]) -> list[AutomationCore]:
    """Every automation of the file; without actions where nobody is to be told."""
    described = yaml.safe_load(AUTOMATIONS.read_text("utf-8"))["automations"]
    return [_automation(one, settings, recipients) for one in described]


def silent_seconds() -> float:
    """How long a run that lives may give no sign of it: Prefect's runs give one in so many seconds."""
    every = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() or HEARTBEAT_SECONDS
    return float(SIGNS_MISSED * every)


def _automation(
    described: Mapping[str, Any], settings: Alerts, recipients: Sequence[Recipient]
) -> AutomationCore:
    seconds = {PERIOD: settings.period_seconds, SILENCE: silent_seconds()}
    fields, trigger = dict(described), described["trigger"]
    fields["trigger"] = {**trigger, "within": seconds.get(trigger["within"], trigger["within"])}
    actions = [
        {**action, "message": action["message"].replace(SILENCE, f"{seconds[SILENCE]:g}")}
        for action in fields.pop("actions", ())
    ]
    if "tell" in fields:
        told = _told(fields.pop("tell"))
        actions += [recipient.action(told) for recipient in recipients]
    return AutomationCore.model_validate({**fields, "enabled": True, "actions": actions})


def _told(described: Mapping[str, str]) -> Told:
    """What an alert's event says of itself, or what the file says of something of the server's own."""
    if "record" in described:
        return Told(described["record"], described["subject"], described["body"])
    kind = KINDS[described["kind"]]
    fields = {
        **{name: described[name] for name in ("cause", "message", "link")},
        "kind": kind.name,
        "severity": str(kind.severity),
    }
    members = (
        f'"{name}": {{% filter tojson %}}{template}{{% endfilter %}}'
        for name, template in fields.items()
    )
    return Told(
        record="{" + ", ".join(members) + "}",
        subject=f"[{kind.severity}] {kind.name.replace('_', ' ')}",
        body=f"{described['message']}\n{kind.action}\n{described['link']}",
    )


async def _recipients(client: PrefectClient, settings: Alerts) -> list[Recipient]:
    recipients = []
    if url := dereferenced(settings.webhook, os.environ):
        block = Webhook.model_validate({"url": url})
        saved = await block.asave(WEBHOOK_BLOCK, overwrite=True, client=client)
        recipients.append(Recipient(saved, takes_records=True))
    if url := dereferenced(settings.slack, os.environ):
        slack = SlackWebhook.model_validate({"url": url})
        saved = await slack.asave(SLACK_BLOCK, overwrite=True, client=client)
        recipients.append(Recipient(saved, takes_records=False))
    for named in settings.blocks:
        kind, _, name = named.partition("/")
        recipients.append(Recipient(await _found(client, kind, name), kind == "webhook"))
    return recipients


async def _found(client: PrefectClient, kind: str, name: str) -> UUID:
    try:
        return (await client.read_block_document_by_name(name, kind, include_secrets=False)).id
    except ObjectNotFound:
        raise SettingsError(
            f"setting 'alerts.blocks' names '{kind}/{name}', which the Prefect server does not have; "
            "create that block in its UI, or correct the setting"
        ) from None
