"""Which orders cost or took more than they should have: the alerts of execution quality."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from orderworks.ledger.alerts import Alert
from orderworks.planning.risk.bounds import noise_above
from orderworks.quality.daily import summarise
from orderworks.quality.limits import latency_limits, slippage_limits
from orderworks.settings import Quality


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
OUTLIER = Threshold(
    "slippage_outlier",
    "slippage_arrival_bps",
    "{order} filled {filled_quantity:,} at {average_price:.4f}, {measured:.1f} bps worse than the mid "
    "of {arrival_price:.4f} at its release; the last {history_orders:,.0f} orders of route {route_rule} "
    "cost {median_bps:.1f} bps in the median, with a median deviation of {deviation_bps:.1f}: the "
    "threshold is {threshold:.1f} bps",
    (*FILLED, "arrival_price", "route_rule", "median_bps", "deviation_bps", "history_orders"),
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
    "{order} has a fill {measured:.2f} bps worse than the limit that it had then; filled "
    "{filled_quantity:,} at {average_price:.4f} against limits of {limit_price:.4f} on average",
    (*FILLED, "limit_price"),
)


def breaches(
    rows: pd.DataFrame,
    settings: Quality,
    account: str,
    session: date,
    at: datetime,
) -> list[Alert]:
    """An alert for each breach: of an order, named by it, so that it is told once; and of the day.

    Args:
        rows: as ``measure_orders`` returns them, with what ``with_outlier_limits`` adds.
        settings: their thresholds; that of slippage for all is that of the day as a whole, too.
        account, session: whose orders these are.
        at: when it was found, UTC.

    Returns:
        First those of ``order_breaches``, then every limit_breach, and last day_slippage_breach.
    """
    alerts = [*order_breaches(rows, settings, at), *breaches_of(LIMIT, rows, 0.0, at)]
    day_threshold = settings.alert_slippage_bps
    days = summarise(rows, "day")["slippage_arrival_bps"]
    alerts += [
        Alert(
            kind="day_slippage_breach",
            cause=f"day_slippage_breach:{session}",
            message=f"account {account} paid {paid:.1f} bps over the arrival mids in session "
            f"{session}, weighted by notional; the threshold is {day_threshold:g} bps",
            at=at,
            payload={
                "session": str(session),
                "slippage_arrival_bps": paid,
                "threshold": day_threshold,
            },
        )
        for paid in days[days > noise_above(day_threshold)].tolist()
    ]
    return alerts


def order_breaches(rows: pd.DataFrame, settings: Quality, at: datetime) -> list[Alert]:
    """What single orders breach that are worked or done: slippage_breach, slippage_outlier and
    latency_breach, each in the order of ``rows``. What is not known breaches nothing.

    Args:
        rows: as ``measure_progress`` or ``measure_orders`` returns them, with what
            ``with_outlier_limits`` adds.
    """
    return [
        *breaches_of(SLIPPAGE, rows, slippage_limits(rows, settings), at),
        *breaches_of(OUTLIER, rows, rows["outlier_limit_bps"], at),
        *breaches_of(LATENCY, rows, latency_limits(rows, settings), at),
    ]


def breaches_of(
    rule: Threshold, rows: pd.DataFrame, thresholds: pd.Series[float] | float, at: datetime
) -> list[Alert]:
    """An alert for each of ``rows`` in which the rule's measure is above its threshold."""
    judged = rows.assign(threshold=thresholds)
    above = judged[judged[rule.measure] > noise_above(judged["threshold"].to_numpy(np.float64))]
    return [_alert(rule, row, at) for row in above.to_dict("records")]


def _alert(rule: Threshold, row: dict[Any, Any], at: datetime) -> Alert:
    threshold = row["threshold"]
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
