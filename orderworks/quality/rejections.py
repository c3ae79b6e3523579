"""Rejected orders as alerts: those of a run that have one reason are one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from orderworks.ledger.alerts import Alert
from orderworks.ledger.rejections import RejectedOrder

EXAMPLES = 5

NO_REASON = "no reason was given"

_NUMBER = re.compile(r"[-+]?\d[\d.,:]*")


def pattern_of(order: RejectedOrder) -> str:
    """An order's reason without what is its own: its name, its symbol, and any number."""
    reason = order.reason or NO_REASON
    for own in (order.client_order_id, order.symbol):
        reason = re.sub(rf"\b{re.escape(own)}\b", "…", reason)
    return _NUMBER.sub("#", reason)


def rejections(orders: Iterable[RejectedOrder], at: datetime) -> list[Alert]:
    """An alert for each run and reason, in the order of the first order of each.

    Its cause names run and reason: it is told once, with as many orders as there were then.

    Args:
        orders: that were rejected.
        at: when that was found, UTC.
    """
    grouped: dict[tuple[str, str], list[RejectedOrder]] = defaultdict(list)
    for order in orders:
        grouped[order.run_key, pattern_of(order)].append(order)
    return [_alert(key, pattern, alike, at) for (key, pattern), alike in grouped.items()]


def _alert(run_key: str, pattern: str, alike: list[RejectedOrder], at: datetime) -> Alert:
    first, count = alike[0], len(alike)
    reason = first.reason or NO_REASON
    if count == 1:
        message = f"{first} was rejected: {reason}"
    else:
        message = f"{count} orders of run '{run_key}' were rejected, such as {first}: {reason}"
    return Alert(
        kind="order_rejected",
        cause=f"order_rejected:{run_key}:{pattern}",
        message=message,
        at=at,
        client_order_id=first.client_order_id if count == 1 else None,
        payload={
            "run_key": run_key,
            "reason": reason,
            "orders": count,
            "examples": [f"{order}: {order.reason or NO_REASON}" for order in alike[:EXAMPLES]],
        },
    )
