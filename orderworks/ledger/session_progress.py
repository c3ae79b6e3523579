"""How far an account's session has come, and whether anything has changed since somebody looked."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orderworks.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class SessionProgress:
    """The parents of a session: orders, shares and money; ``closed`` are those that have ended."""

    orders: int
    closed: int
    filled: int
    rejected: int
    planned_quantity: int
    filled_quantity: int
    filled_notional: Decimal
    commission: Decimal


def latest_session(ledger: Ledger, account: str) -> date | None:
    """The latest session that the account had a run of."""
    row = ledger.execute(
        "SELECT max(session) AS latest FROM runs WHERE account = %s", (account,)
    ).fetchone()
    return None if row is None else row["latest"]


def session_progress(ledger: Ledger, account: str, session: date | None) -> SessionProgress:
    """How far the parents of a session have come; without one, those of every session."""
    row = ledger.execute(
        "SELECT count(*) AS orders, count(closed_at) AS closed, "
        "count(*) FILTER (WHERE o.state = 'FILLED') AS filled, "
        "count(*) FILTER (WHERE o.state = 'REJECTED') AS rejected, "
        "coalesce(sum(planned_quantity), 0)::bigint AS planned_quantity, "
        "coalesce(sum(filled_quantity), 0)::bigint AS filled_quantity, "
        "coalesce(sum(filled_notional), 0) AS filled_notional, "
        "coalesce(sum(commission), 0) AS commission "
        "FROM runs r JOIN orders o USING (run_id) "
        "WHERE r.account = %(account)s AND (%(session)s::date IS NULL OR r.session = %(session)s) "
        "AND parent_id IS NULL AND attached_to IS NULL",
        {"account": account, "session": session},
    ).fetchone()
    return SessionProgress(**row or {})


def version(ledger: Ledger) -> str:
    """What stays the same as long as no transaction has written anything that this one sees."""
    row = ledger.execute("SELECT pg_current_snapshot()::text AS version").fetchone()
    return str((row or {})["version"])
