"""Plans that wait for a person: each is decided once, with a note, and nothing of it is sent before."""

from orderworks.ledger.connection import Ledger
from orderworks.ledger.runs import Run, find_run
from orderworks.model.errors import InputError


def decide_plan(ledger: Ledger, account: str, run_key: str, *, approved: bool, note: str) -> Run:
    """Approves a plan, whose orders may be sent from now on, or rejects it, which cancels the run.

    Raises:
        InputError: if there is no such run, it does not wait for a decision, or the note is empty.
    """
    if not note.strip():
        raise InputError("a decision about a plan needs a note, to be read later: pass --note")
    with ledger.transaction():
        row = ledger.execute(
            "UPDATE runs SET state = %s, message = %s, finished_at = CASE WHEN %s THEN NULL "
            "ELSE clock_timestamp() END WHERE account = %s AND run_key = %s AND state = 'PROPOSED' "
            "RETURNING run_id",
            (
                "PLANNED" if approved else "CANCELLED",
                None if approved else f"rejected: {note.strip()}",
                approved,
                account,
                run_key,
            ),
        ).fetchone()
        if row is not None:
            ledger.execute(
                "INSERT INTO approvals (run_id, approved, note) VALUES (%s, %s, %s)",
                (row["run_id"], approved, note.strip()),
            )
    run = find_run(ledger, account, run_key)
    if run is None:
        raise InputError(
            f"account {account} has no run '{run_key}'; 'orderworks status' shows its runs"
        )
    if row is None:
        raise InputError(
            f"run '{run_key}' does not wait for a decision, it is {run.state}; 'orderworks status' "
            "shows the runs that are PROPOSED"
        )
    return run


def proposed_runs(ledger: Ledger, account: str) -> frozenset[int]:
    """The runs of the account whose plans wait for a decision, by run_id."""
    return frozenset(
        row["run_id"]
        for row in ledger.execute(
            "SELECT run_id FROM runs WHERE account = %s AND state = 'PROPOSED'", (account,)
        )
    )
