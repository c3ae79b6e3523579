"""The lease of an account: one worker at a time, proven by a fencing token.

A lease ends when its holder gives it back, when it is not renewed in time, or when the
holder's database connection is gone, whichever comes first. Every taking raises the token;
whoever still carries an older one can neither send nor book.
"""

from dataclasses import dataclass

from orderworks.ledger.connection import Ledger
from orderworks.model.errors import LeaseLost


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work an account, for as long as ``token`` is the newest."""

    account: str
    holder: str
    token: int
    ttl_seconds: float


_TAKE = """
INSERT INTO leases AS l
    (account, token, holder, backend_pid, backend_start, acquired_at, expires_at)
SELECT %(account)s, 1, %(holder)s, a.pid, a.backend_start, clock_timestamp(),
       clock_timestamp() + make_interval(secs => %(ttl)s)
FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()
ON CONFLICT (account) DO UPDATE SET
    token = l.token + 1, holder = excluded.holder, backend_pid = excluded.backend_pid,
    backend_start = excluded.backend_start, acquired_at = excluded.acquired_at,
    expires_at = excluded.expires_at
WHERE %(preempts)s OR l.expires_at <= clock_timestamp()
   OR (l.backend_pid, l.backend_start) = (excluded.backend_pid, excluded.backend_start)
   OR NOT EXISTS (SELECT 1 FROM pg_stat_activity a
                  WHERE (a.pid, a.backend_start) = (l.backend_pid, l.backend_start))
RETURNING token
"""


def take_lease(
    ledger: Ledger, account: str, holder: str, ttl_seconds: float, *, preempts: bool = False
) -> Lease | None:
    """The lease with a new token, or None while another worker holds it.

    Args:
        preempts: whether it is taken from another worker, who can send and book nothing from then on.
    """
    asked = {"account": account, "holder": holder, "ttl": ttl_seconds, "preempts": preempts}
    row = ledger.execute(_TAKE, asked).fetchone()
    return None if row is None else Lease(account, holder, row["token"], ttl_seconds)


def renew_lease(ledger: Ledger, lease: Lease) -> None:
    """Extends the lease.

    Raises:
        LeaseLost: if it ran out or was taken over.
    """
    renewed = ledger.execute(
        "UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => %s) "
        "WHERE account = %s AND token = %s AND expires_at > clock_timestamp() RETURNING 1",
        (lease.ttl_seconds, lease.account, lease.token),
    ).fetchone()
    if renewed is None:
        raise _lost(ledger, lease)


def require_lease(ledger: Ledger, lease: Lease) -> None:
    """Inside a transaction: nobody can take the lease over before it commits.

    Raises:
        LeaseLost: if the lease is not in force any more.
    """
    held = ledger.execute(
        "SELECT 1 FROM leases WHERE account = %s AND token = %s "
        "AND expires_at > clock_timestamp() FOR SHARE",
        (lease.account, lease.token),
    ).fetchone()
    if held is None:
        raise _lost(ledger, lease)


def give_back(ledger: Ledger, lease: Lease) -> None:
    """Ends the lease now, if it is still ours."""
    ledger.execute(
        "UPDATE leases SET expires_at = clock_timestamp() WHERE account = %s AND token = %s",
        (lease.account, lease.token),
    )


def lease_holder(ledger: Ledger, account: str) -> str | None:
    """Who holds the account, or None."""
    row = ledger.execute(
        "SELECT holder FROM leases WHERE account = %s AND expires_at > clock_timestamp()",
        (account,),
    ).fetchone()
    return None if row is None else str(row["holder"])


def _lost(ledger: Ledger, lease: Lease) -> LeaseLost:
    row = ledger.execute(
        "SELECT token, holder, expires_at FROM leases WHERE account = %s", (lease.account,)
    ).fetchone()
    if row is None:
        return LeaseLost(f"account {lease.account} has no lease; nothing is sent or booked")
    if row["token"] != lease.token:
        return LeaseLost(
            f"account {lease.account} is now worked by {row['holder']} (token {row['token']}, ours "
            f"was {lease.token}); this process sends and books nothing more"
        )
    return LeaseLost(
        f"the lease of account {lease.account} ran out at {row['expires_at']:%H:%M:%S} UTC while this "
        "process was paused; it sends and books nothing more"
    )
