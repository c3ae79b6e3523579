"""Which sessions were measured, and whether their executions changed since: late fills, corrections,
busts."""

from datetime import date, datetime

from orderworks.ledger.connection import Ledger


def last_fill(ledger: Ledger, account: str) -> int:
    """The number of the account's fill that was booked last; 0 where none was."""
    row = ledger.execute(
        "SELECT max(number) AS number FROM fills WHERE account = %s", (account,)
    ).fetchone()
    return int(row["number"] or 0) if row else 0


def mark_measured(
    ledger: Ledger, account: str, session: date, at: datetime, until_fill: int
) -> None:
    """Keeps that a session was measured.

    Args:
        at: when, market time.
        until_fill: ``last_fill`` from before what it was measured from was read.
    """
    ledger.execute(
        "INSERT INTO measured_sessions VALUES (%s, %s, %s, %s) ON CONFLICT (account, session) "
        "DO UPDATE SET measured_at = excluded.measured_at, until_fill = excluded.until_fill",
        (account, session, at, until_fill),
    )


def measured_until(ledger: Ledger, account: str, session: date) -> int:
    """The number of the last fill that was booked when a session was measured; of the last one at all
    where it was not: what came after is looked through another time."""
    row = ledger.execute(
        "SELECT until_fill FROM measured_sessions WHERE account = %s AND session = %s",
        (account, session),
    ).fetchone()
    return last_fill(ledger, account) if row is None else int(row["until_fill"])


def has_benchmarks(ledger: Ledger, account: str, session: date) -> bool:
    """Whether a session was measured against a market that was quoted."""
    found = ledger.execute(
        "SELECT 1 FROM order_quality WHERE account = %s AND session = %s "
        "AND twap_price IS NOT NULL LIMIT 1",
        (account, session),
    ).fetchone()
    return found is not None


def has_changed(ledger: Ledger, account: str, session: date) -> bool:
    """Whether executions of a session came after it was measured."""
    found = ledger.execute(
        "SELECT 1 FROM fills fill JOIN orders filled USING (client_order_id) "
        "JOIN runs run ON run.run_id = filled.run_id "
        "JOIN measured_sessions m ON m.account = run.account AND m.session = run.session "
        "WHERE fill.account = %s AND run.session = %s AND fill.number > m.until_fill LIMIT 1",
        (account, session),
    ).fetchone()
    return found is not None


def changed_sessions(ledger: Ledger, account: str, but: date) -> list[date]:
    """The sessions, but one, whose executions changed after they were measured; earliest first."""
    rows = ledger.execute(
        "SELECT DISTINCT run.session FROM fills fill "
        "JOIN orders filled ON filled.client_order_id = fill.client_order_id "
        "JOIN runs run ON run.run_id = filled.run_id "
        "JOIN measured_sessions m ON m.account = run.account AND m.session = run.session "
        "WHERE fill.account = %(account)s AND fill.number > m.until_fill AND fill.number > coalesce("
        "(SELECT number FROM examined_fills WHERE account = %(account)s), 0) "
        "AND run.session <> %(but)s ORDER BY 1",
        {"account": account, "but": but},
    ).fetchall()
    return [row["session"] for row in rows]


def mark_examined(ledger: Ledger, account: str, number: int) -> None:
    """Keeps that the sessions of an account's fills up to ``number`` have been measured with them."""
    ledger.execute(
        "INSERT INTO examined_fills VALUES (%s, %s) "
        "ON CONFLICT (account) DO UPDATE SET number = greatest(examined_fills.number, excluded.number)",
        (account, number),
    )


def market_of_session(ledger: Ledger, account: str, session: date) -> str | None:
    """The directory of the recorded market that the latest run of a session replayed, if it did."""
    row = ledger.execute(
        "SELECT settings ->> 'market' AS market FROM runs WHERE account = %s AND session = %s "
        "ORDER BY run_id DESC LIMIT 1",
        (account, session),
    ).fetchone()
    return None if row is None else row["market"]
