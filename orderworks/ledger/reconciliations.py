"""Reconciliations and their breaks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease, require_lease


def record_reconciliation(
    ledger: Ledger,
    lease: Lease,
    run_id: int | None,
    at: datetime,
    healed: int,
    breaks: Sequence[tuple[str, str, str, str, str | None]],
) -> None:
    """Records a reconciliation: (kind, subject, ours, theirs, symbol) for each break that it left.

    A break that is still open stays the one it was; one that is gone is resolved.

    Raises:
        LeaseLost: and nothing was recorded: what another worker has done since is not in the snapshot.
    """
    account = lease.account
    with ledger.transaction():
        require_lease(ledger, lease)
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
                "INSERT INTO breaks "
                "(account, kind, subject, ours, theirs, symbol, found_at, reconciliation_id) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) "
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


@dataclass(frozen=True, slots=True)
class OpenBreak:
    """A difference that is not resolved: what it is, between what, and the symbol, if it has one."""

    id: int
    kind: str
    subject: str
    ours: str
    theirs: str
    symbol: str | None
    found_at: datetime


class Adjustment(NamedTuple):
    """What takes the books to the broker's side: shares, or money.

    One that is a transfer is no gain and no loss; of shares, ``mark`` is then what one was worth.
    """

    quantity_change: int = 0
    cash_change: Decimal = Decimal(0)
    is_transfer: bool = False
    mark: Decimal | None = None


def unresolved_breaks(ledger: Ledger, account: str) -> list[OpenBreak]:
    """The breaks of the account that are not resolved, oldest first."""
    return [
        OpenBreak(**row)
        for row in ledger.execute(
            "SELECT id, kind, subject, ours, theirs, symbol, found_at FROM breaks "
            "WHERE account = %s AND resolved_at IS NULL ORDER BY id",
            (account,),
        )
    ]


def accepted_differences(ledger: Ledger, account: str) -> set[tuple[str, str, str, str]]:
    """The differences that a person lets stand as they are: (kind, subject, ours, theirs).

    One that moved the books is not among them: it is gone, and the same figures are another one.
    """
    return {
        (row["kind"], row["subject"], row["ours"], row["theirs"])
        for row in ledger.execute(
            "SELECT kind, subject, ours, theirs FROM breaks b WHERE account = %s AND accepted "
            "AND NOT EXISTS (SELECT 1 FROM adjustments a WHERE a.break_id = b.id)",
            (account,),
        )
    }


def forget_accepted(
    ledger: Ledger, lease: Lease, gone: Collection[tuple[str, str, str, str]]
) -> None:
    """Lets no difference stand any more that is gone: (kind, subject, ours, theirs).

    Raises:
        LeaseLost: and nothing was changed.
    """
    with ledger.transaction():
        require_lease(ledger, lease)
        with ledger.cursor() as cursor:
            cursor.executemany(
                "UPDATE breaks SET accepted = false WHERE account = %s AND accepted "
                "AND (kind, subject, ours, theirs) = (%s, %s, %s, %s)",
                [(lease.account, *one) for one in gone],
            )


def accept_break(
    ledger: Ledger,
    lease: Lease,
    accepted: OpenBreak,
    adjustment: Adjustment,
    *,
    reason: str,
    at: datetime,
) -> None:
    """Resolves a break on the broker's side, and moves the books by the adjustment, if any.

    Raises:
        LeaseLost: and nothing was changed.
    """
    with ledger.transaction():
        require_lease(ledger, lease)
        ledger.execute(
            "UPDATE breaks SET resolved_at = %s, resolution = %s, accepted = true "
            "WHERE id = %s AND resolved_at IS NULL",
            (at, reason, accepted.id),
        )
        if adjustment.quantity_change or adjustment.cash_change:
            ledger.execute(
                "INSERT INTO adjustments "
                "(break_id, account, symbol, quantity_change, cash_change, is_transfer, mark, reason, at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (accepted.id, lease.account, accepted.symbol, *adjustment, reason, at),
            )
