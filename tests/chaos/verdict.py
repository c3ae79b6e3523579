"""The judgement on a world that has come to rest, by the exchange's own record."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from judging import ENDED, LIVE, require_sound_books, rows

from orderworks.ledger.connection import Ledger

RECORD = (
    "SELECT number, client_order_id, side, quantity, limit_price, stop_price, state, reason, "
    "filled_quantity, received_at, changed_at FROM exchange.orders ORDER BY number",
    "SELECT exec_id, client_order_id, quantity, price, commission, ts FROM exchange.fills "
    "ORDER BY ts, exec_id",
    "SELECT client_order_id, attempt, at FROM send_attempts ORDER BY client_order_id, attempt",
    "SELECT client_order_id, event, from_state, to_state, at, reason FROM order_events ORDER BY id",
)
"""What happened: at the exchange, and in the ledger."""

LONGEST = 200


@dataclass(slots=True)
class Verdict:
    """What became of a world's orders.

    Attributes:
        sent: the orders that the exchange received.
        duplicates: those that it received under a name that it had received before.
        lost: what should have become of an order and did not, a sentence each.
        wrong: what else is not as it must be, a sentence each.
        digest: of all that happened at the exchange and in the ledger.
    """

    sent: int = 0
    duplicates: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    digest: str = ""

    @property
    def complaints(self) -> list[str]:
        return [*(f"sent twice: {one}" for one in self.duplicates), *self.lost, *self.wrong]


def judge(ledger: Ledger) -> Verdict:
    """Whether every intent is at the exchange once at most, none is lost, and the books are equal."""
    received = rows(ledger, "SELECT * FROM exchange.orders ORDER BY number")
    ours = {row["client_order_id"]: row for row in rows(ledger, "SELECT * FROM orders")}
    verdict = Verdict(len(received), digest=digest(ledger))
    times = Counter(row["client_order_id"] for row in received)
    verdict.duplicates = sorted((times - Counter(times.keys())).elements())
    attempts = Counter(
        row["client_order_id"] for row in rows(ledger, "SELECT client_order_id FROM send_attempts")
    )
    for name in sorted((times - attempts).keys()):
        verdict.wrong.append(f"{name} was sent {times[name]} times and permitted {attempts[name]}")
    there = {row["client_order_id"]: row for row in received}
    for name, order in sorted(ours.items()):
        if order["reaches_broker"]:
            verdict.lost += _lost(order, there.get(name))
        if order["state"] in ENDED and not order["reason"]:
            verdict.lost.append(f"{name} ended {order['state']} and nothing says why")
        if not order["reaches_broker"] and order["closed_at"] is None:
            verdict.lost.append(f"{name} was worked and never ended")
    try:
        require_sound_books(ledger)
    except AssertionError as unsound:
        verdict.wrong.append(f"the books: {in_short(unsound)}")
    return verdict


def in_short(error: BaseException) -> str:
    """What an error is and says, on one line that can be read."""
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}..."


def _lost(ours: dict[str, object], theirs: dict[str, object] | None) -> list[str]:
    """Where an order that the broker is to be sent is neither there nor over."""
    name, state = ours["client_order_id"], ours["state"]
    if state in ("NEW", "PENDING", "UNKNOWN"):
        return [f"{name} was left {state}"]
    if theirs is None:
        return [f"{name} is {state} and the exchange never had it"] if state in LIVE else []
    if (state in LIVE) != (theirs["state"] in LIVE):
        return [f"{name} is {state} and at the exchange {theirs['state']}"]
    return []


def digest(ledger: Ledger) -> str:
    """The same for the same story, and for no other."""
    told = hashlib.sha256()
    for query in RECORD:
        for row in rows(ledger, query):
            told.update(repr(tuple(map(str, row.values()))).encode())
    return told.hexdigest()[:16]
