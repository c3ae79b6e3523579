"""What orders would do to the margin of an account, each by itself: a kernel over its stakes.

It is counted as an order's admission counts it: on top of what rests, at the mark, commissions left out.
"""

from collections.abc import Iterable, Iterator

from orderworks.brokers.adapter import MarginEffect
from orderworks.brokers.simulated.margin import maintenance
from orderworks.brokers.simulated.stakes import Stakes, requirement
from orderworks.model.order import Order, Side


def margin_effects(orders: Iterable[Order], stakes: Stakes) -> Iterator[MarginEffect]:
    """The effect of each order; of one whose symbol has no price and that names none, nothing."""
    stakes.settle()
    for order in orders:
        price = stakes.mark(order.symbol) or order.limit_price or order.stop_price
        if price is None:
            continue
        stake, account_type = stakes.of(order.symbol), stakes.account_type
        held, buying, selling = stake.held, stake.buying, stake.selling
        now = requirement(held, buying, selling, price, account_type)
        if order.side is Side.BUY:
            buying += order.quantity
        else:
            selling += order.quantity
        after = held + order.side.sign * order.quantity
        yield MarginEffect(
            order.client_order_id,
            available=stakes.equity - stakes.required,
            initial_change=requirement(held, buying, selling, price, account_type) - now,
            maintenance_change=maintenance(after, price, account_type)
            - maintenance(held, price, account_type),
        )
