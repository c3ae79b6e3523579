"""What was planned to be traded by when in a session, and what was."""

from datetime import date, datetime

from orderworks.ledger.connection import Ledger
from orderworks.planning.routing import SWEEP

Step = tuple[datetime, float]


def planned_steps(ledger: Ledger, account: str, session: date) -> list[Step]:
    """Of each order that a plan meant for the broker: when it was due, and its notional as decided."""
    rows = ledger.execute(
        "SELECT o.due_at AS at, (o.planned_quantity * o.decision_price)::float8 AS amount "
        "FROM orders o JOIN runs r USING (run_id) WHERE o.account = %s AND r.session = %s "
        "AND o.reaches_broker AND o.attached_to IS NULL AND o.route_rule <> %s ORDER BY o.due_at",
        (account, session, SWEEP.rule),
    )
    return [(row["at"], row["amount"]) for row in rows]


def filled_steps(ledger: Ledger, account: str, session: date) -> list[Step]:
    """Of each fill of a session's orders that stands: when it happened, and its notional."""
    rows = ledger.execute(
        "SELECT f.ts AS at, (f.quantity * f.price)::float8 AS amount FROM executions f "
        "JOIN orders o USING (client_order_id) JOIN runs r USING (run_id) "
        "WHERE f.account = %s AND r.session = %s AND o.attached_to IS NULL ORDER BY f.ts",
        (account, session),
    )
    return [(row["at"], row["amount"]) for row in rows]
