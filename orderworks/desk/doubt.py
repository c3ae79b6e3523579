"""What becomes of orders that two complete snapshots do not show: a pure kernel.

Only what was never acknowledged, and whose absence nothing contradicts, was never received: it may be
sent again. In any doubt the order is held: nothing more is done with it until evidence comes or a
person decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orderworks.ledger.orders import OrderRecord

ATTEMPTS = 5
"""How often an order is sent at most: what does not arrive then is a person's to look at."""


@dataclass(frozen=True, slots=True)
class Judged:
    """``never_received``: what may be sent again. ``held``: what may not, each with the reason."""

    never_received: list[OrderRecord]
    held: list[tuple[OrderRecord, str]]


def judge_absent(absent: Iterable[OrderRecord], moved: Mapping[str, tuple[int, int]]) -> Judged:
    """What two complete snapshots prove of the orders that neither shows.

    Args:
        absent: orders that the broker has, or may have, by the ledger.
        moved: by symbol, what we and what the broker hold, where that differs: an order of that symbol
            may be what moved it.
    """
    judged = Judged([], [])
    for order in absent:
        doubt = _doubt(order, moved)
        if doubt is None:
            judged.never_received.append(order)
        else:
            judged.held.append((order, doubt))
    return judged


def _doubt(order: OrderRecord, moved: Mapping[str, tuple[int, int]]) -> str | None:
    if order.is_live:
        return f"the broker had confirmed it ({order.state}) and does not show it any more"
    if order.filled_quantity:
        return f"the broker has filled {order.filled_quantity} of it and does not show it any more"
    if order.acknowledged_at is not None:
        when = f"{order.acknowledged_at:%H:%M:%S} UTC"
        return f"the broker had confirmed it at {when} and does not show it any more"
    if order.symbol in moved:
        ours, theirs = moved[order.symbol]
        return (
            f"the broker does not show it, but holds {theirs} {order.symbol} where we have {ours}: "
            "it may have traded"
        )
    if order.attempts >= ATTEMPTS:
        return f"it was sent {order.attempts} times and never arrived"
    return None
