"""What a person is told of an alert: a headline, a text, and a record for machines. Pure."""

from typing import Any

from orderworks.ledger.alert_deliveries import Stored
from orderworks.model.alert import KINDS, severity_of


def headline(alert: Stored) -> str:
    """The alert in a line: '[critical] SIM1: kill switch'."""
    return f"[{severity_of(alert.kind)}] {alert.account}: {alert.kind.replace('_', ' ')}"


def text_of(alert: Stored) -> str:
    """The alert in full: what happened, what to do, where to look."""
    kind = KINDS.get(alert.kind)
    lines = (
        alert.message,
        kind.action if kind else "",
        f"Order {alert.client_order_id}" if alert.client_order_id else "",
        f"At {alert.at:%Y-%m-%d %H:%M:%S} UTC",
        alert.link or "",
    )
    return "\n".join(line for line in lines if line)


def record_of(alert: Stored) -> dict[str, Any]:
    """The alert as JSON: the fields that every kind has, and those of its kind.

    ``docs/alerts.md`` documents them.
    """
    return {
        "id": f"{alert.account}/{alert.id}",
        "kind": alert.kind,
        "severity": str(severity_of(alert.kind)),
        "account": alert.account,
        "cause": alert.cause,
        "subject": alert.subject,
        "message": alert.message,
        "client_order_id": alert.client_order_id,
        "at": alert.at.isoformat(),
        "link": alert.link,
        "threshold": alert.payload.get("threshold"),
        "details": alert.payload,
    }
