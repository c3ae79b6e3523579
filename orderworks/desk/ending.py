"""Ending orders: at the close, at once, and those of a cancelled run."""

from orderworks.desk.booking import Booking, move
from orderworks.desk.desk import Desk
from orderworks.desk.reports import cancel, follow, record
from orderworks.desk.settling import retire_parents
from orderworks.ledger.orders import OrderMap, open_orders
from orderworks.ledger.stopped_runs import cancelled_with_work
from orderworks.model.order import TimeInForce
from orderworks.model.state import AT_BROKER, OrderEvent, OrderState

OVERNIGHT = frozenset({TimeInForce.GTC.value, TimeInForce.GTD.value})
"""The times in force that outlast a session."""


async def close_session(desk: Desk) -> int:
    """Books everything up to the close, then ends what rests; returns how many orders ended.

    A GTC order goes on resting where ``execution.rest_overnight`` says so; the exits of what is held
    always do.
    """
    resting = len(_at_broker(desk, overnight_too=True))
    await follow(desk, desk.session.close)
    overnight = desk.settings.execution.rest_overnight
    names = _at_broker(desk, overnight_too=not overnight)
    await cancel(desk, names)
    orders = open_orders(desk.ledger, desk.account)
    withdraw_unsent(desk, orders, "the session ended")
    retire_parents(desk, orders)
    return resting - len(_at_broker(desk, overnight_too=True))


async def cancel_everything(desk: Desk, reason: str) -> int:
    """Cancels what rests, gives up what was not sent, and closes the parents."""
    withdraw_unsent(desk, open_orders(desk.ledger, desk.account), reason)
    names = _at_broker(desk, overnight_too=True, everything=True)
    await cancel(desk, names)
    retire_parents(desk, open_orders(desk.ledger, desk.account), whatever_is_to_come=True)
    return len(names) - len(_at_broker(desk, overnight_too=True, everything=True))


async def end_cancelled(desk: Desk, orders: OrderMap) -> frozenset[int]:
    """Ends the orders of cancelled runs; returns which runs had any, by run_id.

    Args:
        orders: the account's open orders, which move with what is booked.
    """
    cancelled = cancelled_with_work(desk.ledger, desk.account)
    if not cancelled:
        return cancelled
    theirs = {
        name: order
        for name, order in orders.items()
        if order.run_id in cancelled and not order.is_exit
    }
    withdraw_unsent(desk, theirs, "its run was cancelled")
    resting = [
        name
        for name, order in theirs.items()
        if order.reaches_broker and order.state in AT_BROKER and not order.held
    ]
    await cancel(desk, resting, orders)
    retire_parents(desk, theirs, whatever_is_to_come=True)
    return cancelled


def withdraw_overdue(desk: Desk) -> None:
    """Gives up the orders that were not sent before their horizon ended, and closes their parents.

    A run that died for good leaves them behind, and planning nets against whatever is open. An exit
    is not given up: its entry may have filled, and the next wave sees to it.
    """
    orders = open_orders(desk.ledger, desk.account)
    now = desk.clock.now()
    overdue = {
        name: order for name, order in orders.items() if order.ends_at <= now and not order.is_exit
    }
    withdraw_unsent(desk, overdue, "its horizon ended before it could be sent")
    retire_parents(desk, orders)


def _at_broker(desk: Desk, *, overnight_too: bool, everything: bool = False) -> list[str]:
    return [
        order.client_order_id
        for order in open_orders(desk.ledger, desk.account).values()
        if order.reaches_broker
        and order.state in AT_BROKER
        and (everything or not order.is_exit)
        and (overnight_too or order.tif not in OVERNIGHT)
    ]


def withdraw_unsent(desk: Desk, orders: OrderMap, reason: str) -> None:
    """Gives up every order that was not sent."""
    booking = Booking()
    for order in orders.values():
        if order.reaches_broker and order.state is OrderState.NEW:
            move(booking, order, OrderEvent.WITHDRAW, desk.clock.now(), reason)
    record(desk, booking)
