"""Reconciliations and their breaks."""

from collections.abc import Sequence
from datetime import datetime

from orderworks.ledger.connection import Ledger


def record_reconciliation(
    ledger: Ledger,
    account: str,
    run_id: int | None,
    at: datetime,
    healed: int,
    breaks: Sequence[tuple[str, str, str, str]],
) -> None:
    """Records a reconciliation: (kind, subject, ours, theirs) for each break that it left.

    A break that is still open stays the one it was; one that is gone is resolved.
    """
    with ledger.transaction():
        row = ledger.execute(
            "INSERT INTO reconciliations (account, run_id, at, healed, open_breaks) "
            "VALUES (%s, %s, %s, %s, %s) RETURNING id",
            (account, run_id, at, healed, len(breaks)),
        ).fetchone()
        reconciliation = row["id"] if row else 0
        ledger.execute(
            "UPDATE breaks SET resolved_at = %s, resolution = 'gone at the next reconciliation' "
            "WHERE account = %s AND resolved_at IS NULL AND (kind, subject) NOT IN "
            "(SELECT * FROM unnest(%s::text[], %s::text[]))",
            (at, account, [b[0] for b in breaks], [b[1] for b in breaks]),
        )
        with ledger.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO breaks (account, kind, subject, ours, theirs, found_at, reconciliation_id) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s) "
                "ON CONFLICT (account, kind, subject) WHERE resolved_at IS NULL "
                "DO UPDATE SET ours = excluded.ours, theirs = excluded.theirs",
                [(account, *b, at, reconciliation) for b in breaks],
            )


def open_breaks(ledger: Ledger, account: str) -> int:
    """How many breaks of the account are not resolved."""
    row = ledger.execute(
        "SELECT count(*) AS n FROM breaks WHERE account = %s AND resolved_at IS NULL", (account,)
    ).fetchone()
    return 0 if row is None else int(row["n"])
