"""Shares of what the market has traded: what a POV parent may have, and what may be caught up with."""

from datetime import datetime
from decimal import Decimal

from orderworks.desk.desk import Desk
from orderworks.desk.missed import Missed, MissedPolicy
from orderworks.desk.releasing import children_of, ready_slices
from orderworks.ledger.orders import OrderMap
from orderworks.model.order import Algo
from orderworks.model.state import TERMINAL


def volume_targets(desk: Desk, orders: OrderMap, now: datetime) -> dict[str, int]:
    """By parent, ``execution.pov_participation_pct`` of the volume since it began, in shares."""
    percent = desk.settings.execution.pov_participation_pct
    return {
        order.client_order_id: share_of(
            int(desk.market.bars_between(order.symbol, order.due_at, now)["volume"].sum()), percent
        )
        for order in orders.values()
        if order.is_worked and order.algo == Algo.POV and order.state not in TERMINAL
    }


def missed_slices(desk: Desk, orders: OrderMap, now: datetime) -> Missed:
    """What becomes of slices that were missed, as it is set.

    Catching up takes no more than ``execution.catch_up_participation_pct`` of the volume that traded
    since the first of them was due.
    """
    execution = desk.settings.execution
    policy = MissedPolicy(execution.missed_wave)
    if policy is not MissedPolicy.CATCH_UP:
        return Missed(policy)
    caps = {}
    for parent_id, children in children_of(orders.values()).items():
        ready = ready_slices(children, now)
        if len(ready) > 1:
            bars = desk.market.bars_between(ready[0].symbol, ready[0].due_at, now)
            volume = int(bars["volume"].sum())
            caps[parent_id] = share_of(volume, execution.catch_up_participation_pct)
    return Missed(policy, caps)


def share_of(volume: int, percent: float) -> int:
    """That per cent of a volume, exactly, cut to whole shares."""
    return int(Decimal(str(percent)) * volume // 100)
