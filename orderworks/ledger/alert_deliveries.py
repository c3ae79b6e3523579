"""The outbox of alerts: who tells each, and how far each channel has come with it.

An alert is decided about once: who tells it, if anyone. Each channel then has a row of its own, which
stays until it is delivered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from orderworks.ledger.connection import Ledger

TellsIt = Literal["orderworks", "automation", "nobody"]

_DELIVERING = 0x0DE5_0006


@dataclass(frozen=True, slots=True)
class Stored:
    """An alert as the ledger has it; ``attempts`` counts what was tried on one channel."""

    id: int
    account: str
    kind: str
    cause: str
    subject: str
    client_order_id: str | None
    message: str
    payload: dict[str, Any]
    at: datetime
    recorded_at: datetime
    link: str | None
    told_by: TellsIt | None
    attempts: int = 0


_ALERT = (
    "a.id, a.account, a.kind, a.cause, a.subject, a.client_order_id, a.message, a.payload, a.at, "
    "a.recorded_at, a.link, a.told_by"
)


def take_turn(ledger: Ledger, account: str) -> bool:
    """Whether this connection may deliver the account's alerts; only one at a time may.

    It keeps the turn until it is closed.
    """
    row = ledger.execute(
        "SELECT pg_try_advisory_lock(%s, hashtext(%s)) AS taken", (_DELIVERING, account)
    ).fetchone()
    return row is not None and bool(row["taken"])


def has_work(ledger: Ledger, account: str, channels: Sequence[str]) -> bool:
    """Whether an alert waits to be decided about, or one of these channels has something to try now."""
    row = ledger.execute(
        "SELECT EXISTS (SELECT 1 FROM alerts WHERE account = %(account)s AND told_by IS NULL) "
        "OR EXISTS (SELECT 1 FROM alert_deliveries d JOIN alerts a ON a.id = d.alert_id "
        "WHERE a.account = %(account)s AND d.delivered_at IS NULL "
        "AND d.channel = ANY(%(channels)s) AND d.next_attempt_at <= clock_timestamp()) AS waits",
        {"account": account, "channels": list(channels)},
    ).fetchone()
    return row is not None and bool(row["waits"])


def undecided(ledger: Ledger, account: str) -> list[Stored]:
    """The alerts of which nobody has decided who tells them, oldest first."""
    rows = ledger.execute(
        f"SELECT {_ALERT} FROM alerts a WHERE account = %s AND told_by IS NULL ORDER BY id".encode(),
        (account,),
    )
    return [Stored(**row) for row in rows]


def was_told(ledger: Ledger, alert: Stored, period: timedelta) -> bool:
    """Whether an earlier alert of the same subject was left to be told within the period before."""
    row = ledger.execute(
        "SELECT EXISTS (SELECT 1 FROM alerts WHERE account = %s AND subject = %s AND id < %s "
        "AND told_by IN ('orderworks', 'automation') AND recorded_at > %s) AS told",
        (alert.account, alert.subject, alert.id, alert.recorded_at - period),
    ).fetchone()
    return row is not None and bool(row["told"])


def decide(ledger: Ledger, alert: Stored, told_by: TellsIt, channels: Sequence[str]) -> None:
    """Records who tells an alert, and on which channels it is to be delivered."""
    with ledger.transaction():
        ledger.execute("UPDATE alerts SET told_by = %s WHERE id = %s", (told_by, alert.id))
        for channel in channels:
            ledger.execute(
                "INSERT INTO alert_deliveries (alert_id, channel) VALUES (%s, %s)",
                (alert.id, channel),
            )


def due(ledger: Ledger, account: str, channel: str, limit: int) -> list[Stored]:
    """What a channel is to deliver now, oldest first."""
    rows = ledger.execute(
        f"SELECT {_ALERT}, d.attempts FROM alert_deliveries d JOIN alerts a ON a.id = d.alert_id "
        "WHERE a.account = %s AND d.channel = %s AND d.delivered_at IS NULL "
        "AND d.next_attempt_at <= clock_timestamp() ORDER BY a.id LIMIT %s".encode(),
        (account, channel, limit),
    )
    return [Stored(**row) for row in rows]


def mark_delivered(ledger: Ledger, channel: str, ids: Sequence[int]) -> None:
    """Records that a channel has taken alerts."""
    ledger.execute(
        "UPDATE alert_deliveries SET attempts = attempts + 1, delivered_at = clock_timestamp() "
        "WHERE channel = %s AND alert_id = ANY(%s)",
        (channel, list(ids)),
    )


def mark_failed(
    ledger: Ledger, channel: str, ids: Sequence[int], error: str, wait: timedelta
) -> None:
    """Records an attempt that failed; these alerts are tried again after ``wait``."""
    ledger.execute(
        "UPDATE alert_deliveries SET attempts = attempts + 1, last_error = %s, "
        "next_attempt_at = clock_timestamp() + %s WHERE channel = %s AND alert_id = ANY(%s)",
        (error, wait, channel, list(ids)),
    )


def hold_channel(ledger: Ledger, account: str, channel: str, wait: timedelta) -> None:
    """Nothing of an account is tried on a channel before ``wait`` is over: nobody answers there."""
    ledger.execute(
        "UPDATE alert_deliveries d SET next_attempt_at = clock_timestamp() + %s "
        "FROM alerts a WHERE a.id = d.alert_id AND a.account = %s AND d.channel = %s "
        "AND d.delivered_at IS NULL",
        (wait, account, channel),
    )


def end_waits(ledger: Ledger, account: str) -> None:
    """All that waits is to be tried now, on every channel."""
    ledger.execute(
        "UPDATE alert_deliveries d SET next_attempt_at = clock_timestamp() FROM alerts a "
        "WHERE a.id = d.alert_id AND a.account = %s AND d.delivered_at IS NULL "
        "AND d.next_attempt_at > clock_timestamp()",
        (account,),
    )


def undelivered(ledger: Ledger, account: str) -> dict[str, tuple[int, str | None]]:
    """By channel how many alerts wait, and the latest error of one."""
    return {
        row["channel"]: (row["waiting"], row["error"])
        for row in ledger.execute(
            "SELECT d.channel, count(*) AS waiting, (array_agg(d.last_error ORDER BY d.next_attempt_at "
            "DESC) FILTER (WHERE d.last_error IS NOT NULL))[1] AS error "
            "FROM alert_deliveries d JOIN alerts a ON a.id = d.alert_id "
            "WHERE a.account = %s AND d.delivered_at IS NULL GROUP BY d.channel ORDER BY d.channel",
            (account,),
        )
    }
