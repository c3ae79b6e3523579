"""What an order itself must be to be received: its time in force, its prices, what it exits."""

from datetime import datetime, timedelta
from decimal import Decimal

from orderworks.brokers.simulated.account import ExchangeOrder
from orderworks.market.calendar import Session
from orderworks.model.instrument import Instrument
from orderworks.model.order import Order, OrderType, TimeInForce
from orderworks.model.state import OrderState

PRICE_BAND = Decimal("0.20")
"""A limit further through the market than this is taken for an error."""

CLOSING_CUTOFF = timedelta(minutes=10)
"""So long before the close nothing more is received for its auction (NYSE rule 7.35B: 15:50)."""


def route_refusal(order: Order) -> str | None:
    """Why an order is none of those that are traded here; None where it is."""
    if order.native is not None:
        return f"there is no algorithm {order.native.algo} here"
    if order.order_type is OrderType.MIDPRICE:
        return "there are no midprice orders here"
    return None


def time_refusal(order: Order, at: datetime, session: Session) -> str | None:
    """Why an order cannot be received at a market time; None where it can.

    An order for the opening auction is received until the open, any other while the session lasts.
    """
    if order.tif is TimeInForce.OPG:
        if at <= session.open:
            return None
        return (
            f"the opening auction of {session.date} was over at {session.open:%H:%M:%S} UTC; an opg "
            "order must come before it"
        )
    if not session.open <= at < session.close:
        return f"the market is closed at {at:%H:%M:%S} UTC"
    last = session.close - CLOSING_CUTOFF
    if order.tif is TimeInForce.CLS and at >= last:
        return f"orders for the closing auction of {session.date} were received until {last:%H:%M:%S} UTC"
    if order.good_till is not None and order.good_till <= at:
        return f"good_till {order.good_till:%Y-%m-%d %H:%M:%S %Z} is over"
    return None


def price_refusal(order: Order, mark: Decimal | None) -> str | None:
    """Why the prices of an order cannot be: off the grid, or a limit far through the market.

    The limit of a stop-limit order is held against its stop: it is not in the market before. That
    of an exit is held against nothing: where the market is once its entry fills is not known yet.

    Args:
        mark: the mid of its symbol, or None before the first quote.
    """
    return _grid_refusal(order, mark) or _band_refusal(order, mark)


def exit_refusal(order: Order, entry: ExchangeOrder | None) -> str | None:
    """Why an order cannot be the exit of what it is attached to; None where it can."""
    if order.attached_to is None:
        return None
    if entry is None or entry.state is OrderState.REJECTED:
        return f"no order {order.attached_to} was received that this one could be an exit of"
    if (entry.symbol, entry.side) != (order.symbol, order.side.opposite):
        return (
            f"an exit trades its entry's symbol back, and {order.attached_to} {entry.side}s "
            f"{entry.symbol}"
        )
    return None


def _grid_refusal(order: Order, mark: Decimal | None) -> str | None:
    for name, price, level in (
        ("limit", order.limit_price, order.limit_price),
        ("stop", order.stop_price, order.stop_price),
        ("trail", order.trail_amount, mark or order.trail_amount),
    ):
        if (
            price is not None
            and level is not None
            and price % (tick := Instrument(order.symbol).tick_at(level))
        ):
            return f"{name} {price} is not a multiple of {tick}"
    return None


def _band_refusal(order: Order, mark: Decimal | None) -> str | None:
    limit = order.limit_price
    reference, place = (
        (mark, "the market") if order.stop_price is None else (order.stop_price, "its stop")
    )
    if limit is None or reference is None or order.attached_to is not None:
        return None
    beyond = order.side.sign * (limit - reference) / reference
    if beyond <= PRICE_BAND:
        return None
    return (
        f"limit {limit} is {100 * beyond:.0f} % through {place} at {reference}, "
        f"more than {100 * PRICE_BAND:.0f} %"
    )
