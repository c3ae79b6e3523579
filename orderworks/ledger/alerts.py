"""Alerts: stored first, one a cause, and only then told to anyone."""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orderworks.ledger.connection import Ledger

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should know. ``cause`` names it: the same cause is told once."""

    kind: str
    cause: str
    message: str
    at: datetime
    client_order_id: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


def raise_alerts(ledger: Ledger, account: str, alerts: Iterable[Alert]) -> list[Alert]:
    """Stores alerts and logs them; returns those that are new."""
    fresh = []
    with ledger.transaction():
        for alert in alerts:
            stored = ledger.execute(
                "INSERT INTO alerts (account, kind, cause, client_order_id, message, payload, at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (account, cause) DO NOTHING RETURNING 1",
                (
                    account,
                    alert.kind,
                    alert.cause,
                    alert.client_order_id,
                    alert.message,
                    json.dumps(alert.payload, default=str),
                    alert.at,
                ),
            ).fetchone()
            if stored is not None:
                fresh.append(alert)
    for alert in fresh:
        log.warning("alert %s: %s", alert.kind, alert.message)
    return fresh


def unemitted_alerts(ledger: Ledger, account: str) -> list[dict[str, Any]]:
    """The alerts that were stored and not yet told, oldest first."""
    return ledger.execute(
        "SELECT id, kind, cause, client_order_id, message, payload, at FROM alerts "
        "WHERE account = %s AND emitted_at IS NULL ORDER BY id",
        (account,),
    ).fetchall()


def mark_emitted(ledger: Ledger, ids: Iterable[int]) -> None:
    """Records that alerts were told."""
    ledger.execute(
        "UPDATE alerts SET emitted_at = clock_timestamp() WHERE id = ANY(%s)", (list(ids),)
    )
