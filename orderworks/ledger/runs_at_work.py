"""The runs that whoever holds the account works: what a wave looks out for while it listens."""

from orderworks.ledger.connection import Ledger

RunsAtWork = frozenset[tuple[int, bool]]


def runs_at_work(ledger: Ledger, account: str) -> RunsAtWork:
    """Those with open orders, by run_id, each with whether it is cancelled.

    Without those that wait to be approved.
    """
    rows = ledger.execute(
        "SELECT run_id, state = 'CANCELLED' AS cancelled FROM runs "
        "WHERE account = %s AND open_orders > 0 AND state <> 'PROPOSED'",
        (account,),
    )
    return frozenset((row["run_id"], row["cancelled"]) for row in rows)
