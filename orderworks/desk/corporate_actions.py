"""What the broker did for corporate actions, taken into the books before they are compared."""

import logging
from collections.abc import Collection, Iterable, Mapping

from orderworks.brokers.adapter import BrokerOrder, Snapshot
from orderworks.desk.desk import Desk
from orderworks.ledger.corporate_actions import book_corporate_actions, change_terms
from orderworks.ledger.orders import OrderRecord
from orderworks.model.order import Replacement
from orderworks.model.state import TERMINAL, OrderState

log = logging.getLogger(__name__)


def book_actions(desk: Desk, snapshot: Snapshot, orders: Mapping[str, OrderRecord]) -> int:
    """Books each action of a snapshot once, with what it made of resting orders, in one transaction.

    Args:
        orders: our orders that are open, and maybe others, by client_order_id; changed in place.

    Returns:
        How many actions were new, and orders changed by them.

    Raises:
        LeaseLost: and nothing was booked.
    """
    with desk.ledger.transaction():
        new = book_corporate_actions(desk.ledger, desk.held_lease, snapshot.corporate_actions)
        changed = changed_terms(snapshot.orders, orders, {action.symbol for action in new})
        if changed:
            change_terms(desk.ledger, changed, max(action.at for action in new))
    for terms in changed:
        order = orders[terms.client_order_id]
        order.quantity, order.limit_price = terms.quantity, terms.limit_price
    for action in new:
        log.info(
            "%s of %s on %s: %+d shares, %+.2f in cash",
            action.kind,
            action.symbol,
            action.ex_date,
            action.quantity_change,
            action.cash_change,
        )
    return len(new) + len(changed)


def changed_terms(
    shown: Iterable[BrokerOrder], orders: Mapping[str, OrderRecord], symbols: Collection[str]
) -> list[Replacement]:
    """What our orders become by actions that came into force: a pure kernel.

    An order that has traded or ended in its new terms meanwhile gets them too. A worked parent grows
    by what its slices do. Where an order in another symbol differs, that is a break, and stays one.

    Args:
        shown: the orders as the broker has them now.
        orders: our orders that are open, and maybe others, by client_order_id.
        symbols: of the actions.
    """
    changed: dict[str, Replacement] = {}
    for theirs in shown:
        ours = orders.get(theirs.client_order_id)
        if (
            ours is None
            or ours.state in TERMINAL
            or theirs.symbol not in symbols
            or theirs.state is OrderState.REJECTED
            or (ours.quantity, ours.limit_price) == (theirs.quantity, theirs.limit_price)
        ):
            continue
        name = ours.client_order_id
        changed[name] = Replacement(name, theirs.quantity, theirs.limit_price, theirs.stop_price)
        parent = None if ours.parent_id is None else orders.get(ours.parent_id)
        if parent is not None and theirs.quantity != ours.quantity:
            name = parent.client_order_id
            before = changed[name].quantity if name in changed else parent.quantity
            grown = before + theirs.quantity - ours.quantity
            changed[name] = Replacement(name, grown, parent.limit_price)
    return list(changed.values())
