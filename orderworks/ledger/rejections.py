"""The orders of a session that were rejected."""

from dataclasses import dataclass
from datetime import date

from orderworks.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class RejectedOrder:
    """An order that was sent or was to be sent, and the reason why it was not taken."""

    run_key: str
    client_order_id: str
    side: str
    quantity: int
    symbol: str
    reason: str | None

    def __str__(self) -> str:
        return f"{self.side} {self.quantity:,} {self.symbol} ({self.client_order_id})"


def rejected_orders(ledger: Ledger, account: str, session: date) -> list[RejectedOrder]:
    """What the broker would see and was rejected, by run and in the order of rejection.

    But not the exits of an entry that was rejected itself: nobody need be told of both.
    """
    rows = ledger.execute(
        "SELECT r.run_key, o.client_order_id, o.side, o.quantity, o.symbol, o.reason "
        "FROM runs r JOIN orders o USING (run_id) "
        "LEFT JOIN orders entry ON entry.client_order_id = o.attached_to "
        "WHERE r.account = %s AND r.session = %s AND o.state = 'REJECTED' AND o.reaches_broker "
        "AND entry.state IS DISTINCT FROM 'REJECTED' "
        "ORDER BY r.run_id, o.closed_at, o.client_order_id",
        (account, session),
    )
    return [RejectedOrder(**row) for row in rows]
