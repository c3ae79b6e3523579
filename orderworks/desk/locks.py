"""What breaks lock: nothing is sent of a symbol, or of the account, whose books are in doubt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from orderworks.desk.comparison import BreakKind
from orderworks.desk.desk import Desk
from orderworks.desk.releasing import Agenda
from orderworks.ledger.reconciliations import OpenBreak, unresolved_breaks
from orderworks.settings import Reconciliation


@dataclass(frozen=True, slots=True)
class Locks:
    """``account``: why nothing may be sent at all, if so. ``symbols``: why nothing of these may be."""

    account: str | None
    symbols: Mapping[str, str]

    def reason(self, symbol: str) -> str | None:
        """Why nothing of a symbol may be sent; None where it may."""
        return self.account or self.symbols.get(symbol)


def locks_by(breaks: Iterable[OpenBreak], policy: Reconciliation) -> Locks:
    """What breaks lock, oldest first; one that is about no symbol locks the account.

    A little cash that differs (interest, a dividend, a fee, currency exchanged) puts no order in doubt, nor
    any position, and sizes next to nothing wrongly: it locks nothing, and stays a break all the same.
    """
    account: str | None = None
    symbols: dict[str, str] = {}
    for one in breaks:
        if policy.lock == "symbol" and is_little_cash(one, policy.cash_lock):
            continue
        reason = f"break {one.id}, {one.kind} of {one.subject}: ours {one.ours}, the broker's {one.theirs}"
        if policy.lock == "account" or one.symbol is None:
            account = account or reason
        else:
            symbols.setdefault(one.symbol, reason)
    return Locks(account, symbols)


def is_little_cash(one: OpenBreak, locking: Decimal) -> bool:
    """Whether a break is of cash, and of less than ``locking`` (money)."""
    if one.kind != BreakKind.CASH:
        return False
    return abs(Decimal(one.theirs) - Decimal(one.ours)) < locking


def locks_of(desk: Desk) -> Locks:
    """What is locked now."""
    breaks = unresolved_breaks(desk.ledger, desk.account)
    return locks_by(breaks, desk.settings.reconciliation)


def unlocked(agenda: Agenda, locks: Locks) -> Agenda:
    """The agenda without what is locked: that waits, for as long as its horizon lasts."""
    due = [one for one in agenda.due if locks.reason(one.order.symbol) is None]
    return replace(agenda, due=due)
