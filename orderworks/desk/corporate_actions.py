"""What the broker did for corporate actions, taken into the books before they are compared."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from decimal import Decimal

from orderworks.brokers.adapter import BrokerOrder, Snapshot
from orderworks.desk.desk import Desk
from orderworks.ledger.corporate_actions import OrderTerms, book_corporate_actions, change_terms
from orderworks.ledger.orders import OrderRecord
from orderworks.model.adjustment import adjusted, ratio_of, reaches
from orderworks.model.corporate_action import ActionKind, AppliedAction
from orderworks.model.order import PRICES_OF, OrderType, Side
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
        changed = changed_terms(snapshot.orders, orders, new) if new else []
        if changed:
            change_terms(desk.ledger, changed, max(action.at for action in new))
    for terms in changed:
        for field in fields(terms):
            setattr(orders[terms.client_order_id], field.name, getattr(terms, field.name))
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
    shown: Iterable[BrokerOrder],
    orders: Mapping[str, OrderRecord],
    actions: Iterable[AppliedAction],
) -> list[OrderTerms]:
    """What our orders become by actions that came into force: a pure kernel.

    What the broker has gets the broker's terms, also where it has traded or ended in them meanwhile.
    An exit that waits to be sent, and where an entry says that its exits are to be, change as the
    broker's orders do. A worked parent grows by what its slices do. Where an order in another symbol
    differs, that is a break, and stays one.

    Args:
        shown: the orders as the broker has them now.
        orders: our orders that are open, and maybe others, by client_order_id.
        actions: those that are new, in order.
    """
    theirs = {one.client_order_id: one for one in shown if one.state is not OrderState.REJECTED}
    of_symbol: dict[str, list[AppliedAction]] = {}
    for action in actions:
        of_symbol.setdefault(action.symbol, []).append(action)
    changed = {}
    grown: Counter[str] = Counter()
    for name, order in orders.items():
        new = of_symbol.get(order.symbol)
        if new is None or order.state in TERMINAL:
            continue
        terms = _at_broker(order, theirs[name]) if name in theirs else _with_us(order, new)
        changed[name] = _with_exit_prices(terms, order, new)
        if order.parent_id is not None:
            grown[order.parent_id] += changed[name].quantity - order.quantity
    for name in grown.keys() & changed.keys():
        changed[name] = replace(changed[name], quantity=changed[name].quantity + grown[name])
    return [terms for name, terms in changed.items() if terms != _terms_of(orders[name])]


def _terms_of(order: OrderRecord) -> OrderTerms:
    return OrderTerms(**{field.name: getattr(order, field.name) for field in fields(OrderTerms)})


def _at_broker(order: OrderRecord, theirs: BrokerOrder) -> OrderTerms:
    # The trigger of a trailing stop is the broker's to move.
    named = "stop_price" in PRICES_OF[OrderType(order.order_type)]
    return replace(
        _terms_of(order),
        quantity=theirs.quantity,
        limit_price=theirs.limit_price,
        stop_price=theirs.stop_price if named else None,
        trail_amount=theirs.trail_amount or order.trail_amount,
    )


def _with_us(order: OrderRecord, actions: Sequence[AppliedAction]) -> OrderTerms:
    terms = _terms_of(order)
    if not order.is_exit:
        return terms
    side = Side(order.side)
    for action in actions:
        is_stop = order.order_type != OrderType.LIMIT
        if action.kind is ActionKind.SPLIT:
            quantity = max(1, int(terms.quantity * ratio_of(action)))
            terms = replace(terms, quantity=quantity)
            if terms.trail_amount is not None:
                trail = adjusted(terms.trail_amount, action, order.symbol, rounds_down=False)
                terms = replace(terms, trail_amount=trail)
        terms = replace(
            terms,
            limit_price=_moved(terms.limit_price, action, side, is_stop=is_stop, is_trigger=False),
            stop_price=_moved(terms.stop_price, action, side, is_stop=is_stop, is_trigger=True),
        )
    return terms


def _with_exit_prices(
    terms: OrderTerms, entry: OrderRecord, actions: Sequence[AppliedAction]
) -> OrderTerms:
    side = Side(entry.side).opposite
    for action in actions:
        stop, target = terms.stop_loss_price, terms.take_profit_price
        terms = replace(
            terms,
            stop_loss_price=_moved(stop, action, side, is_stop=True, is_trigger=True),
            take_profit_price=_moved(target, action, side, is_stop=False, is_trigger=False),
        )
    return terms


def _moved(
    price: Decimal | None, action: AppliedAction, side: Side, *, is_stop: bool, is_trigger: bool
) -> Decimal | None:
    """A price after an action; as it was where nothing would be left of it."""
    if price is None or not reaches(action, side, is_stop=is_stop):
        return price
    rounds_down = (side is Side.BUY) != is_trigger
    return adjusted(price, action, action.symbol, rounds_down=rounds_down) or price
