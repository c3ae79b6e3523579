"""Cancelling a run: nothing more of it is sent, what rests is cancelled, and what it holds keeps its exits.

Whoever holds the account does it, at the beginning of each wave; where nobody does, whoever asks.
"""

import asyncio
from collections.abc import Set
from datetime import timedelta
from time import monotonic

from orderworks.desk.desk import POLL_SECONDS, Desk
from orderworks.desk.ending import withdraw_unsent
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.reports import cancel, follow
from orderworks.desk.settling import retire_parents
from orderworks.desk.summary import summary_of
from orderworks.ledger.cancelled_runs import cancelled_with_work
from orderworks.ledger.leases import lease_holder
from orderworks.ledger.orders import OrderMap, open_orders
from orderworks.ledger.runs import Run
from orderworks.model.state import AT_BROKER

A_MOMENT = timedelta(seconds=1)
"""For which the broker is listened to before what it did not confirm is cancelled again."""


async def end_cancelled(desk: Desk, orders: OrderMap) -> frozenset[int]:
    """Ends the orders of cancelled runs; returns which runs had any, by run_id.

    Args:
        orders: the account's open orders, which move with what is booked.
    """
    cancelled = cancelled_with_work(desk.ledger, desk.account)
    if not cancelled:
        return cancelled
    theirs = _without_exits(orders, cancelled)
    withdraw_unsent(desk, theirs, "its run was cancelled")
    resting = [
        name
        for name, order in theirs.items()
        if order.reaches_broker and order.state in AT_BROKER and not order.held
    ]
    await cancel(desk, resting, orders)
    retire_parents(desk, theirs, whatever_is_to_come=True)
    return cancelled


def _without_exits(orders: OrderMap, runs: Set[int]) -> OrderMap:
    return {
        name: order for name, order in orders.items() if order.run_id in runs and not order.is_exit
    }


async def confirm_cancelled(desk: Desk, run: Run, patience_seconds: float) -> str:
    """Sees to it that the orders of a cancelled run end; what became of them, in a sentence.

    Where another worker holds the account, it ends them in its next wave; that is waited for.
    """
    give_up = monotonic() + patience_seconds
    while True:
        if await desk.take_over():
            await reconcile(desk, run)
            await end_cancelled(desk, open_orders(desk.ledger, desk.account))
            await desk.written()
        if run.run_id not in cancelled_with_work(desk.ledger, desk.account):
            return _told(desk, run)
        if monotonic() >= give_up:
            return f"{_told(desk, run)}; {_who_is_left(desk)}"
        if desk.lease is None:
            await asyncio.sleep(POLL_SECONDS)
        else:
            await follow(desk, desk.clock.now() + A_MOMENT)


def _who_is_left(desk: Desk) -> str:
    if desk.lease is not None:
        return "the broker has not confirmed all cancels; 'orderworks run reconcile' looks again"
    holder = lease_holder(desk.ledger, desk.account)
    return f"what rests is cancelled by {holder or 'another worker'}, who works the account, in its next wave"


def _told(desk: Desk, run: Run) -> str:
    became = summary_of(desk, run) if run.is_planned else "nothing had been planned"
    return f"cancelled: {run.message}; {became}"
