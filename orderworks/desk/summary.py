"""A run in a sentence."""

from collections import Counter
from collections.abc import Sequence

from orderworks.desk.desk import Desk
from orderworks.ledger.orders import OrderRecord, orders_of_run
from orderworks.ledger.runs import Run, refusals

WORDS = {
    "FILLED": "filled",
    "PARTIALLY_FILLED": "partly filled and resting",
    "SUBMITTED": "resting",
    "CANCELLED": "cancelled",
    "REJECTED": "rejected",
    "EXPIRED": "expired",
    "UNKNOWN": "of unknown fate",
    "PENDING": "not acknowledged",
    "NEW": "not sent",
}


def summary_of(desk: Desk, run: Run) -> str:
    """What became of a run: '37 of 42 orders filled, 5 cancelled; 2 signals came to no order: ...'."""
    parents = [
        order
        for order in orders_of_run(desk.ledger, run.run_id)
        if order.parent_id is None and not order.is_exit
    ]
    parts = (_of_orders(parents), _of_refusals(refusals(desk.ledger, run.run_id)))
    return "; ".join(part for part in parts if part)


def _of_orders(parents: Sequence[OrderRecord]) -> str:
    if not parents:
        return "no orders"
    counts = Counter(order.state.value for order in parents)
    filled = counts.pop("FILLED", 0)
    sentence = [f"{filled} of {len(parents)} orders filled"]
    for state, word in WORDS.items():
        if count := counts.get(state, 0):
            reasons = {o.reason for o in parents if o.state == state and o.reason}
            told = f": {reasons.pop()}" if len(reasons) == 1 else ""
            sentence.append(f"{count} {word}{told}")
    return ", ".join(sentence)


def _of_refusals(refused: Sequence[tuple[str, str]]) -> str:
    if not refused:
        return ""
    counts = Counter(code for code, _ in refused)
    codes = ", ".join(f"{count} {code}" for code, count in counts.items())
    told = refused[0][1] if len(refused) == 1 else codes
    return f"{len(refused)} signal{'s' * (len(refused) > 1)} came to no order: {told}"
