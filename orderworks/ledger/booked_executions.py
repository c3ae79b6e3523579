"""What the ledger has of executions that a broker names: their shares, their costs, their corrections.

Each execution is looked up by its key, one after another, whatever the server's planner takes an account
for: of one that is newer than its statistics it expects next to nothing, and would go through all that the
account has once for each execution.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, LiteralString

from psycopg.rows import tuple_row

from orderworks.ledger.connection import Ledger

_ASKED: LiteralString = (
    "asked AS MATERIALIZED (SELECT %(account)s AS account, exec_id FROM unnest(%(ids)b) AS exec_id)"
)
_BOOKED: LiteralString = f"""
WITH {_ASKED}
SELECT asked.exec_id, own.quantity, own.commission, later.exec_id IS NOT NULL AS is_corrected
FROM asked
     LEFT JOIN LATERAL (
         SELECT quantity, commission FROM fills f
         WHERE f.account = asked.account AND f.exec_id = asked.exec_id OFFSET 0
     ) own ON true
     LEFT JOIN LATERAL (
         SELECT exec_id FROM fills f
         WHERE f.account = asked.account AND f.replaces = asked.exec_id OFFSET 0
     ) later ON true
WHERE own.quantity IS NOT NULL OR later.exec_id IS NOT NULL
"""
_STANDING: LiteralString = f"""
WITH RECURSIVE {_ASKED}, corrections AS (
    SELECT account, exec_id AS corrected, exec_id FROM asked
    UNION
    SELECT told.account, told.corrected, later.exec_id
    FROM corrections told CROSS JOIN LATERAL (
        SELECT exec_id FROM fills f
        WHERE f.account = told.account AND f.replaces = told.exec_id OFFSET 0
    ) later
)
SELECT told.corrected, told.exec_id
FROM corrections told LEFT JOIN LATERAL (
    SELECT exec_id FROM fills f
    WHERE f.account = told.account AND f.replaces = told.exec_id OFFSET 0
) later ON true
WHERE later.exec_id IS NULL AND told.exec_id <> told.corrected
"""

BookedCommissions = dict[str, Decimal | None]
"""What booked executions cost, by exec_id; None of what does not stand: it was corrected, or is a bust."""


def booked_executions(ledger: Ledger, account: str, exec_ids: Sequence[str]) -> dict[str, int]:
    """Which of these executions the ledger has, with their shares; 0 for what a correction stands for."""
    return {
        exec_id: quantity or 0
        for exec_id, quantity, _, _ in _rows(ledger, _BOOKED, account, exec_ids)
    }


def booked_commissions(ledger: Ledger, account: str, exec_ids: Sequence[str]) -> BookedCommissions:
    """Of these executions, those that the ledger has or has a correction of, with what each cost."""
    return {
        exec_id: commission if quantity and not is_corrected else None
        for exec_id, quantity, commission, is_corrected in _rows(ledger, _BOOKED, account, exec_ids)
    }


def standing_reports(ledger: Ledger, account: str, exec_ids: Sequence[str]) -> dict[str, str]:
    """Of executions that the ledger has corrected, the last correction of each: what stands for it."""
    return dict(_rows(ledger, _STANDING, account, exec_ids))


def _rows(
    ledger: Ledger, query: LiteralString, account: str, exec_ids: Sequence[str]
) -> list[tuple[Any, ...]]:
    if not exec_ids:
        return []
    with ledger.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, {"account": account, "ids": list(exec_ids)}).fetchall()
