"""Which orders cost or took more than they should have: the alerts of execution quality."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from orderworks.ledger.alerts import Alert
from orderworks.quality.daily import summarise


@dataclass(frozen=True, slots=True)
class Threshold:
    """A rule about one order: ``measure`` above its threshold is a breach, told as ``sentence``."""

    kind: str
    measure: str
    sentence: str
    numbers: tuple[str, ...]


FILLED = ("filled_quantity", "average_price")
SLIPPAGE = Threshold(
    "slippage_breach",
    "slippage_arrival_bps",
    "{order} filled {filled_quantity:,} at {average_price:.4f}, {measured:.1f} bps worse than the mid "
    "of {arrival_price:.4f} at its release; the threshold is {threshold:g} bps",
    (*FILLED, "arrival_price"),
)
LATENCY = Threshold(
    "latency_breach",
    "latency_ack_ms",
    "{order} was acknowledged {measured:,.0f} ms after its release; the threshold is "
    "{threshold:,g} ms",
    (),
)
LIMIT = Threshold(
    "limit_breach",
    "slippage_limit_worst_bps",
    "{order} has a fill {measured:.2f} bps worse than the limit that it was sent with; filled "
    "{filled_quantity:,} at {average_price:.4f} against limits of {limit_price:.4f} on average",
    (*FILLED, "limit_price"),
)


def breaches(
    rows: pd.DataFrame,
    alert_slippage_bps: float,
    alert_latency_ms: float,
    account: str,
    session: date,
    at: datetime,
) -> list[Alert]:
    """An alert for each breach: of an order, named by it, so that it is told once; and of the day.

    Args:
        rows: as ``measure_orders`` returns them.
        alert_slippage_bps: against the arrival price, of an order and of the day as a whole.
        alert_latency_ms: from release to acknowledgement.
        account, session: whose orders these are.
        at: when it was found, UTC.

    Returns:
        First every slippage_breach, then latency_breach and limit_breach, each in the order of
        ``rows``, and last day_slippage_breach. What is not known breaches nothing.
    """
    alerts = [
        *breaches_of(SLIPPAGE, rows, alert_slippage_bps, at),
        *breaches_of(LATENCY, rows, alert_latency_ms, at),
        *breaches_of(LIMIT, rows, 0.0, at),
    ]
    days = summarise(rows, "day")["slippage_arrival_bps"]
    alerts += [
        Alert(
            kind="day_slippage_breach",
            cause=f"day_slippage_breach:{session}",
            message=f"account {account} paid {paid:.1f} bps over the arrival mids in session "
            f"{session}, weighted by notional; the threshold is {alert_slippage_bps:g} bps",
            at=at,
            payload={
                "session": str(session),
                "slippage_arrival_bps": paid,
                "threshold": alert_slippage_bps,
            },
        )
        for paid in days[days > alert_slippage_bps].tolist()
    ]
    return alerts


def breaches_of(rule: Threshold, rows: pd.DataFrame, threshold: float, at: datetime) -> list[Alert]:
    """An alert for each of ``rows`` in which the rule's measure is above a threshold."""
    return [
        _alert(rule, row, threshold, at)
        for row in rows[rows[rule.measure] > threshold].to_dict("records")
    ]


def _alert(rule: Threshold, row: dict[Any, Any], threshold: float, at: datetime) -> Alert:
    name, measured = row["client_order_id"], row[rule.measure]
    order = f"{row['side']} {row['quantity']:,} {row['symbol']} ({name})"
    return Alert(
        kind=rule.kind,
        cause=f"{rule.kind}:{name}",
        message=rule.sentence.format(
            order=order,
            measured=measured,
            threshold=threshold,
            **{number: row[number] for number in rule.numbers},
        ),
        at=at,
        client_order_id=name,
        payload={
            "strategy": row["strategy"],
            "symbol": row["symbol"],
            "side": row["side"],
            "quantity": row["quantity"],
            rule.measure: measured,
            "threshold": threshold,
            **{number: row[number] for number in rule.numbers},
        },
    )
