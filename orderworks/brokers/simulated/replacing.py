"""What a resting order would be with other terms, and why it cannot have them."""

from orderworks.brokers.simulated.account import ExchangeOrder
from orderworks.model.order import PRICES_OF, Order, OrderType, Replacement, TimeInForce


def replacement_refusal(order: ExchangeOrder, wanted: Replacement) -> str | None:
    """Why an order cannot become what is wanted, whatever the market; None where it can."""
    if wanted.quantity <= order.filled_quantity:
        return f"{order.filled_quantity} shares are filled already"
    prices = PRICES_OF[OrderType(order.order_type)]
    for name in ("limit_price", "stop_price"):
        if getattr(wanted, name) is not None and name not in prices:
            return f"{name} is set on a {order.order_type} order"
    return None


def resolved(order: ExchangeOrder, wanted: Replacement) -> Replacement:
    """All the terms that an order has with what is wanted: a price that is not named stays."""
    prices = PRICES_OF[OrderType(order.order_type)]
    return Replacement(
        order.client_order_id,
        wanted.quantity,
        wanted.limit_price or order.limit_price,
        (wanted.stop_price or order.stop_price) if "stop_price" in prices else None,
    )


def remainder(order: ExchangeOrder, terms: Replacement, account: str) -> Order:
    """What is still to be filled of an order under new terms, to be judged like any other."""
    return Order(
        client_order_id=order.client_order_id,
        account=account,
        symbol=order.symbol,
        side=order.side,
        quantity=terms.quantity - order.filled_quantity,
        order_type=OrderType(order.order_type),
        limit_price=terms.limit_price,
        tif=TimeInForce(order.tif),
        stop_price=terms.stop_price,
        trail_amount=order.trail_amount,
        trail_percent=order.trail_percent,
        good_till=order.good_till,
        oca_group=order.oca_group,
        attached_to=order.attached_to,
    )
