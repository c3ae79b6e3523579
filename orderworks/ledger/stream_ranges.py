"""Which entries of a stream a run was planned from.

An entry belongs to one run of an account: the next run reads on after the ranges of those that have a
plan. A range is written before its plan and counts from the plan's commit on, so the two are one.
"""

from collections.abc import Sequence

from orderworks.ledger.connection import Ledger
from orderworks.ledger.runs import Run


def ends_read(ledger: Ledger, account: str, stream: str) -> Sequence[str]:
    """The ids up to which planned runs of the account have read the stream."""
    rows = ledger.execute(
        "SELECT s.until_id FROM stream_ranges s JOIN runs USING (run_id) "
        "WHERE account = %s AND stream = %s AND planned_at IS NOT NULL",
        (account, stream),
    )
    return [row["until_id"] for row in rows]


def note_range(ledger: Ledger, run: Run, stream: str, after: str, until: str, entries: int) -> None:
    """The run is being planned from the entries with after < id <= until."""
    ledger.execute(
        "INSERT INTO stream_ranges (run_id, stream, after_id, until_id, entries) "
        "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (run_id) DO UPDATE SET stream = excluded.stream, "
        "after_id = excluded.after_id, until_id = excluded.until_id, entries = excluded.entries",
        (run.run_id, stream, after, until, entries),
    )
