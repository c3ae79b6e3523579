"""What a POV parent may have traded by now: its share of what the market has."""

from datetime import datetime
from decimal import Decimal

from orderworks.desk.desk import Desk
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


def share_of(volume: int, percent: float) -> int:
    """That per cent of a volume, exactly, cut to whole shares."""
    return int(Decimal(str(percent)) * volume // 100)
