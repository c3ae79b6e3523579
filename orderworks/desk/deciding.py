"""What a person decides where evidence cannot: of a held order, and of a break that does not heal."""

from decimal import Decimal

from orderworks.desk.booking import Booking, move
from orderworks.desk.comparison import BreakKind
from orderworks.desk.desk import Desk
from orderworks.desk.reconciliation import Reconciled, reconcile
from orderworks.desk.reports import record
from orderworks.desk.valuation import mark_of
from orderworks.ledger.orders import OrderRecord, orders_by_id
from orderworks.ledger.reconciliations import (
    Adjustment,
    OpenBreak,
    accept_break,
    unresolved_breaks,
)
from orderworks.model.errors import InputError
from orderworks.model.state import OrderEvent


async def decide(desk: Desk, client_order_id: str, decision: OrderEvent, reason: str) -> Reconciled:
    """Takes a held order for the broker's (ADOPT) or for gone (ABANDON), and reconciles again.

    The broker is asked first: what it shows by now settles the order without anybody's decision.

    Raises:
        InputError: if the order is not held, or no reason is given.
        LeaseLost: if another worker keeps the account.
    """
    _require_reason(reason)
    await _take(desk)
    order = _held(desk, client_order_id)
    booking = Booking()
    move(booking, order, decision, desk.clock.now(), reason.strip())
    record(desk, booking)
    return await reconcile(desk, None)


async def resolve(
    desk: Desk, break_id: int, reason: str, *, is_transfer: bool = False
) -> Reconciled:
    """Takes the broker's side of a break, and reconciles again.

    A position or the cash is adjusted to what the broker has; a difference of any other kind is
    accepted as it stands: if it changes, or comes again once it was gone, it is a break again.

    Args:
        is_transfer: whether money or shares came from outside the account, or went there: the day's loss
            and the drawdown are then measured as if they had been there all along, or never. Shares count
            at what they are worth now.

    Raises:
        InputError: if there is no such break any more, if it is none of a position or the cash and is said
            to be a transfer, or if no reason is given.
        LeaseLost: if another worker keeps the account.
    """
    _require_reason(reason)
    await _take(desk)
    found = next(
        (b for b in unresolved_breaks(desk.ledger, desk.account) if b.id == break_id), None
    )
    if found is None:
        raise InputError(
            f"account {desk.account} has no open break {break_id}; 'orderworks breaks' lists them"
        )
    accept_break(
        desk.ledger,
        desk.held_lease,
        found,
        _transferred(desk, found) if is_transfer else _adjustment(found),
        reason=reason.strip(),
        at=desk.clock.now(),
    )
    return await reconcile(desk, None)


async def _take(desk: Desk) -> None:
    """The account, with everything booked that the broker shows."""
    await desk.wait_for_account(2 * desk.settings.lease.ttl_seconds)
    await reconcile(desk, None)


def _held(desk: Desk, client_order_id: str) -> OrderRecord:
    order = orders_by_id(desk.ledger, [client_order_id], parents_too=False).get(client_order_id)
    if order is None or order.account != desk.account:
        raise InputError(
            f"account {desk.account} has no order '{client_order_id}'; 'orderworks orders --held' "
            "lists those that wait for a decision"
        )
    if not order.held:
        raise InputError(
            f"order {client_order_id} is not held: it is {order.state}, by what the broker shows; "
            "there is nothing to decide"
        )
    return order


def _adjustment(found: OpenBreak) -> Adjustment:
    """What the broker's side is more than ours."""
    if found.kind == BreakKind.POSITION:
        return Adjustment(quantity_change=int(found.theirs) - int(found.ours))
    if found.kind == BreakKind.CASH:
        return Adjustment(cash_change=Decimal(found.theirs) - Decimal(found.ours))
    return Adjustment()


def _transferred(desk: Desk, found: OpenBreak) -> Adjustment:
    """The same as a transfer."""
    if found.kind not in (BreakKind.POSITION, BreakKind.CASH):
        raise InputError(
            f"break {found.id} is of kind {found.kind}, and only money and shares are transferred; "
            "resolve it without --transfer"
        )
    mark = mark_of(desk, found.subject) if found.kind == BreakKind.POSITION else None
    return _adjustment(found)._replace(is_transfer=True, mark=mark)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InputError("a decision needs a reason, to be read later: pass --reason")
