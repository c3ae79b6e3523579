"""Runs that may not send, cancelled or not approved: one row that every send reads in its transaction."""

from collections.abc import Sequence

from orderworks.ledger.connection import Ledger
from orderworks.ledger.runs import Run, find_run, why_stopped
from orderworks.model.errors import InputError


def cancel_run(ledger: Ledger, account: str, name: str, reason: str) -> Run:
    """No order of the run is sent from the moment that this returns, but for exits of what it holds.

    It waits for the sends under way. A run that was cancelled before keeps its first reason.

    Args:
        name: the run's key, or the scheduler's name of its latest start.

    Raises:
        InputError: if there is no such run, it is done, or no reason is given.
    """
    if not reason.strip():
        raise InputError("cancelling a run needs a reason, to be read later: pass --reason")
    run = find_run(ledger, account, name) or _run_of_scheduler(ledger, account, name)
    if run is None:
        raise InputError(
            f"account {account} has no run '{name}'; 'orderworks status' shows its runs"
        )
    ledger.execute(
        "UPDATE runs SET state = 'CANCELLED', message = %s, finished_at = clock_timestamp() "
        "WHERE run_id = %s AND state NOT IN ('DONE', 'CANCELLED')",
        (reason.strip(), run.run_id),
    )
    run = find_run(ledger, account, run.run_key) or run
    if run.state == "DONE":
        raise InputError(
            f"run '{run.run_key}' is done already ({run.message}); nothing is left to cancel"
        )
    return run


def cancelled_with_work(ledger: Ledger, account: str) -> frozenset[int]:
    """The cancelled runs of the account that still have open orders other than exits, by run_id."""
    return frozenset(
        row["run_id"]
        for row in ledger.execute(
            "SELECT run_id FROM runs r WHERE account = %s AND state = 'CANCELLED' AND EXISTS "
            "(SELECT 1 FROM open_orders o WHERE o.run_id = r.run_id AND o.attached_to IS NULL)",
            (account,),
        )
    )


def require_not_stopped(ledger: Ledger, account: str, client_order_ids: Sequence[str]) -> None:
    """Inside the transaction that permits a send: no run of it can be cancelled before it commits.

    What closes what a cancelled run has opened may still be sent.

    Raises:
        RunCancelled, NotApproved: naming the run.
    """
    # What is sent is open, so all runs of it are among these: few, where it may be thousands of orders.
    working = ledger.execute(
        "SELECT run_id, run_key, state, message FROM runs "
        "WHERE account = %s AND open_orders > 0 ORDER BY run_id FOR SHARE",
        (account,),
    ).fetchall()
    stopped = {
        row["run_id"]: refusal
        for row in working
        if (refusal := why_stopped(row["run_key"], row["state"], row["message"])) is not None
    }
    if not stopped:
        return
    sent = ledger.execute(
        "SELECT run_id FROM orders WHERE client_order_id = ANY(%b) AND attached_to IS NULL "
        "AND run_id = ANY(%b) ORDER BY run_id LIMIT 1",
        (list(client_order_ids), list(stopped)),
    ).fetchone()
    if sent is not None:
        raise stopped[sent["run_id"]]


def _run_of_scheduler(ledger: Ledger, account: str, name: str) -> Run | None:
    row = ledger.execute(
        "SELECT run_key FROM runs WHERE account = %s AND scheduler_run = %s "
        "ORDER BY run_id DESC LIMIT 1",
        (account, name),
    ).fetchone()
    return None if row is None else find_run(ledger, account, row["run_key"])
