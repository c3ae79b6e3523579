"""Alerts: stored first, one a cause, and only then told to anyone."""

import json
import logging
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orderworks.ledger.connection import Ledger

log = logging.getLogger(__name__)

RUN_LINK: ContextVar[str | None] = ContextVar("run_link", default=None)
"""Where a person finds the run that this process is in; alerts are stored with it."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should know. ``cause`` names it: the same cause is told once.

    ``subject`` is what it is about, by default its cause: of several alerts of one subject a person
    is told once in the period that is set. ``kind`` is one of ``orderworks.model.alert``.
    """

    kind: str
    cause: str
    message: str
    at: datetime
    client_order_id: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    subject: str | None = None


def raise_alerts(ledger: Ledger, account: str, alerts: Iterable[Alert]) -> list[Alert]:
    """Stores alerts and logs them; returns those that are new."""
    fresh = []
    with ledger.transaction():
        for alert in alerts:
            stored = ledger.execute(
                "INSERT INTO alerts (account, kind, cause, subject, client_order_id, message, payload, "
                "at, link) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
                "ON CONFLICT (account, cause) DO NOTHING RETURNING 1",
                (
                    account,
                    alert.kind,
                    alert.cause,
                    alert.subject or alert.cause,
                    alert.client_order_id,
                    alert.message,
                    json.dumps(alert.payload, default=str),
                    alert.at,
                    RUN_LINK.get(),
                ),
            ).fetchone()
            if stored is not None:
                fresh.append(alert)
    for alert in fresh:
        log.warning("alert %s: %s", alert.kind, alert.message)
    return fresh
