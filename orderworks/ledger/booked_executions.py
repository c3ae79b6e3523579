"""What the ledger has of executions that a broker names: their shares, their costs, their corrections."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, LiteralString

from psycopg.rows import tuple_row

from orderworks.ledger.connection import Ledger


def booked_executions(ledger: Ledger, account: str, exec_ids: Sequence[str]) -> dict[str, int]:
    """Which of these executions the ledger has, with their shares; 0 for what a correction stands for."""
    return _by_name(
        ledger,
        "SELECT exec_id, quantity FROM fills "
        "WHERE account = %(account)s AND exec_id = ANY(%(ids)b) "
        "UNION ALL SELECT replaces, 0 FROM fills "
        "WHERE account = %(account)s AND replaces = ANY(%(ids)b) "
        "AND NOT EXISTS (SELECT 1 FROM fills old "
        "WHERE old.account = %(account)s AND old.exec_id = fills.replaces)",
        account,
        exec_ids,
    )


BookedCommissions = dict[str, Decimal | None]
"""What booked executions cost, by exec_id; None of what does not stand: it was corrected, or is a bust."""


def booked_commissions(ledger: Ledger, account: str, exec_ids: Sequence[str]) -> BookedCommissions:
    """Of these executions, those that the ledger has or has a correction of, with what each cost."""
    return _by_name(
        ledger,
        "SELECT exec_id, standing.commission FROM fills "
        "LEFT JOIN executions standing USING (account, exec_id) "
        "WHERE account = %(account)s AND exec_id = ANY(%(ids)b) "
        "UNION ALL SELECT replaces, NULL FROM fills "
        "WHERE account = %(account)s AND replaces = ANY(%(ids)b)",
        account,
        exec_ids,
    )


def standing_reports(ledger: Ledger, account: str, exec_ids: Sequence[str]) -> dict[str, str]:
    """Of executions that the ledger has corrected, the last correction of each: what stands for it."""
    return _by_name(
        ledger,
        "WITH RECURSIVE later AS ("
        "SELECT replaces AS corrected, exec_id FROM fills "
        "WHERE account = %(account)s AND replaces = ANY(%(ids)b) "
        "UNION SELECT later.corrected, f.exec_id FROM later JOIN fills f "
        "ON f.account = %(account)s AND f.replaces = later.exec_id) "
        "SELECT corrected, exec_id FROM later WHERE NOT EXISTS (SELECT 1 FROM fills f "
        "WHERE f.account = %(account)s AND f.replaces = later.exec_id)",
        account,
        exec_ids,
    )


def _by_name(
    ledger: Ledger, query: LiteralString, account: str, exec_ids: Sequence[str]
) -> dict[str, Any]:
    """The two columns of a query of an account's executions, the first by which to find the second."""
    if not exec_ids:
        return {}
    with ledger.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(query, {"account": account, "ids": list(exec_ids)}).fetchall()
        return dict(rows)
