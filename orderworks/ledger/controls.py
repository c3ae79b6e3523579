"""The kill switch: one row that every send reads in the transaction that permits it."""

from orderworks.ledger.connection import Ledger
from orderworks.model.errors import InputError, KillSwitchThrown

EVERY_ACCOUNT = "*"


def throw_kill_switch(ledger: Ledger, account: str, reason: str) -> None:
    """No send is permitted from the moment that this returns; it waits for those under way."""
    _set(ledger, account, killed=True, reason=reason)


def resume(ledger: Ledger, account: str, reason: str) -> None:
    """Permits sends again; the reason is kept."""
    _set(ledger, account, killed=False, reason=reason)


def kill_reason(ledger: Ledger, account: str) -> str | None:
    """Why the kill switch of the account, or of every account, is on; None while it is off."""
    row = ledger.execute(
        "SELECT reason FROM controls WHERE account IN (%s, %s) AND killed ORDER BY at LIMIT 1",
        (account, EVERY_ACCOUNT),
    ).fetchone()
    return None if row is None else str(row["reason"])


def refuse_while_killed(ledger: Ledger, account: str) -> None:
    """Raises KillSwitchThrown if the switch is on; it may still be thrown right after."""
    reason = kill_reason(ledger, account)
    if reason is not None:
        raise KillSwitchThrown(
            f"the kill switch is on ({reason}); nothing is sent until 'orderworks resume'"
        )


def require_not_killed(ledger: Ledger, account: str) -> None:
    """Inside the transaction that permits a send: the switch cannot be thrown before it commits.

    Raises:
        KillSwitchThrown: if the switch is on.
    """
    # The table and not its row: while the switch is off there need not be one to lock.
    ledger.execute("LOCK TABLE controls IN SHARE MODE")
    refuse_while_killed(ledger, account)


def _set(ledger: Ledger, account: str, *, killed: bool, reason: str) -> None:
    if not reason.strip():
        raise InputError("the kill switch needs a reason, to be read later: pass --reason")
    ledger.execute(
        "INSERT INTO controls (account, killed, reason) VALUES (%s, %s, %s) "
        "ON CONFLICT (account) DO UPDATE SET killed = excluded.killed, reason = excluded.reason, "
        "at = clock_timestamp()",
        (account, killed, reason.strip()),
    )
