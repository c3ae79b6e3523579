"""What the broker did for corporate actions, taken into the books before they are compared."""

import logging
from collections.abc import Mapping

from orderworks.brokers.adapter import Report, ReportKind, Snapshot
from orderworks.desk.desk import Desk
from orderworks.ledger.corporate_actions import book_corporate_actions
from orderworks.ledger.orders import OrderRecord
from orderworks.model.order import Replacement
from orderworks.model.state import OrderState

log = logging.getLogger(__name__)


def book_actions(desk: Desk, snapshot: Snapshot) -> int:
    """Books each action of a snapshot once; returns how many were new.

    Raises:
        LeaseLost: and nothing was booked.
    """
    booked = book_corporate_actions(desk.ledger, desk.held_lease, snapshot.corporate_actions)
    for action in snapshot.corporate_actions:
        if action.action_id in booked:
            log.info(
                "%s of %s on %s: %+d shares, %+.2f in cash",
                action.kind,
                action.symbol,
                action.ex_date,
                action.quantity_change,
                action.cash_change,
            )
    return len(booked)


def changed_terms(snapshot: Snapshot, orders: Mapping[str, OrderRecord]) -> list[Report]:
    """The resting orders that a corporate action changed at the broker, as its replacements.

    A pure kernel. Only orders in the symbols of the snapshot's actions are looked at: where another
    one differs, that is a break.

    Args:
        orders: our orders that are open, by client_order_id.
    """
    applied = {action.symbol: action.at for action in snapshot.corporate_actions}
    return [
        Report(
            ReportKind.REPLACED,
            theirs.client_order_id,
            applied[theirs.symbol],
            theirs.broker_order_id,
            "a corporate action",
            terms=Replacement(
                theirs.client_order_id, theirs.quantity, theirs.limit_price, theirs.stop_price
            ),
        )
        for theirs in snapshot.orders
        if theirs.symbol in applied
        and theirs.state in (OrderState.SUBMITTED, OrderState.PARTIALLY_FILLED)
        and (ours := orders.get(theirs.client_order_id)) is not None
        and (ours.quantity, ours.limit_price) != (theirs.quantity, theirs.limit_price)
    ]
