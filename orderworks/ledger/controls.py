"""The kill switch: one row that every send reads in the transaction that permits it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orderworks.ledger.connection import Ledger
from orderworks.model.errors import InputError, KillSwitchThrown
from orderworks.model.order import FLATTEN_RULE

EVERY_ACCOUNT = "*"


@dataclass(frozen=True, slots=True)
class Killed:
    """Why an account may not send, and whether orders that flatten its positions still may be."""

    reason: str
    flatten: bool


def throw_kill_switch(
    ledger: Ledger, account: str, reason: str, *, flatten: bool = False
) -> datetime:
    """No send is permitted from the moment that this returns; it waits for those under way.

    Where positions are to be flattened, the orders that do so still are; a switch that was thrown
    with ``flatten`` keeps it until the account is resumed.

    Returns:
        Since when it is on for this reason: thrown once more for the same, it stays as it was thrown.
    """
    return _set(ledger, account, killed=True, flatten=flatten, reason=reason)


def resume(ledger: Ledger, account: str, reason: str) -> None:
    """Permits sends again; the reason is kept."""
    _set(ledger, account, killed=False, flatten=False, reason=reason)


def kill_switch(ledger: Ledger, account: str) -> Killed | None:
    """The kill switch of the account, or of every account; None while it is off.

    Two that are on flatten only together.
    """
    row = ledger.execute(
        "SELECT (array_agg(reason ORDER BY at))[1] AS reason, bool_and(flatten) AS flatten "
        "FROM controls WHERE account IN (%s, %s) AND killed",
        (account, EVERY_ACCOUNT),
    ).fetchone()
    if row is None or row["reason"] is None:
        return None
    return Killed(str(row["reason"]), bool(row["flatten"]))


def kill_reason(ledger: Ledger, account: str) -> str | None:
    """Why the kill switch is on; None while it is off."""
    killed = kill_switch(ledger, account)
    return None if killed is None else killed.reason


def refuse_while_killed(ledger: Ledger, account: str, *, flattens: bool = False) -> None:
    """Raises KillSwitchThrown if the switch is on; it may still be thrown right after.

    Args:
        flattens: whether it is asked for orders that flatten positions, and for nothing else.
    """
    killed = kill_switch(ledger, account)
    if killed is not None and not (flattens and killed.flatten):
        raise KillSwitchThrown(
            f"the kill switch is on ({killed.reason}); nothing is sent until 'orderworks resume'"
        )


def require_not_killed(ledger: Ledger, account: str, client_order_ids: Sequence[str]) -> None:
    """Inside the transaction that permits a send: the switch cannot be thrown before it commits.

    Raises:
        KillSwitchThrown: if the switch is on, unless it is to flatten and all these orders do.
    """
    # The table and not its row: while the switch is off there need not be one to lock.
    ledger.execute("LOCK TABLE controls IN SHARE MODE")
    if kill_switch(ledger, account) is None:
        return
    others = ledger.execute(
        "SELECT 1 FROM orders WHERE client_order_id = ANY(%b) AND route_rule <> %s LIMIT 1",
        (list(client_order_ids), FLATTEN_RULE),
    ).fetchone()
    refuse_while_killed(ledger, account, flattens=others is None)


def _set(ledger: Ledger, account: str, *, killed: bool, flatten: bool, reason: str) -> datetime:
    if not reason.strip():
        raise InputError("the kill switch needs a reason, to be read later: pass --reason")
    with ledger.transaction():
        ledger.execute(
            "INSERT INTO controls AS c (account, killed, flatten, reason) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (account) DO UPDATE SET killed = excluded.killed, reason = excluded.reason, "
            "flatten = excluded.flatten OR (excluded.killed AND c.flatten), at = clock_timestamp() "
            "WHERE (c.killed, c.reason) IS DISTINCT FROM (excluded.killed, excluded.reason) "
            "OR excluded.flatten > c.flatten",
            (account, killed, flatten, reason.strip()),
        )
        (row,) = ledger.execute("SELECT at FROM controls WHERE account = %s", (account,)).fetchall()
    at: datetime = row["at"]
    return at
