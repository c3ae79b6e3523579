"""What a split or a cash dividend does to an account and its resting orders: a pure kernel.

The prices of orders are adjusted as in model/adjustment.py. A split changes the quantity of all; a
reverse split cancels all. What a trailing stop has followed is adjusted with its stop; a stop-limit
that was triggered is a limit.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.market.tape import UNITS_PER_DOLLAR
from orderworks.model.adjustment import (
    CENT,
    adjusted,
    amount_of,
    in_todays_shares,
    ratio_of,
    reaches,
    times,
)
from orderworks.model.corporate_action import ActionKind, AppliedAction, CorporateAction
from orderworks.model.instrument import Instrument
from orderworks.model.order import Side

FINEST_PRICE = Decimal(1) / UNITS_PER_DOLLAR


@dataclass(slots=True)
class Applied:
    """What actions came to.

    ``cancelled`` pairs the orders that cannot be kept with the reason; others changed in place.
    """

    actions: list[AppliedAction] = field(default_factory=list)
    cancelled: list[tuple[ExchangeOrder, str]] = field(default_factory=list)


def apply_actions(
    actions: Iterable[CorporateAction],
    account: ExchangeAccount,
    orders: Iterable[ExchangeOrder],
    last_close: Callable[[CorporateAction], Decimal],
    at: datetime,
) -> Applied:
    """Applies actions in order to an account and its resting orders, which are changed in place.

    An action that neither a position nor an order feels is left out.

    Args:
        last_close: the last price before an action, unadjusted: what a fraction of a share is paid at.
        at: the open at which they come into force.
    """
    applied = Applied()
    resting = list(orders)
    for action in actions:
        touched = [order for order in resting if order.symbol == action.symbol]
        shares, _ = account.positions.get(action.symbol, (0, Decimal(0)))
        if not (shares or touched):
            continue
        moved, paid = _move_account(action, account, last_close)
        applied.actions.append(
            AppliedAction(
                action_id=f"{action.ex_date}.{action.symbol}.{action.kind}",
                ex_date=action.ex_date,
                symbol=action.symbol,
                kind=action.kind,
                ratio=action.ratio,
                amount=action.amount,
                quantity_change=moved,
                cash_change=paid,
                at=at,
            )
        )
        for order in touched:
            reason = adjust_order(order, action)
            if reason is None:
                order.changed_at = at
            else:
                applied.cancelled.append((order, reason))
                resting.remove(order)
    return applied


def split_position(
    shares: int, cost: Decimal, ratio: Fraction, last_close: Callable[[], Decimal]
) -> tuple[int, Decimal, Decimal]:
    """A position after a split: whole shares, their cost, and the cash paid for the fraction.

    What is not a whole share is paid in cash, to the cent, at ``last_close`` in new shares; a short
    position pays it. The fraction takes its part of the cost with it.

    Args:
        last_close: money for one old share; asked for only where a fraction is left.
    """
    exact = shares * ratio
    whole = int(exact)
    fraction = exact - whole
    if not fraction:
        return whole, cost, Decimal(0)
    cash = times(fraction / ratio, last_close()).quantize(CENT)
    return whole, times(whole / exact, cost), cash


def adjust_order(order: ExchangeOrder, action: CorporateAction) -> str | None:
    """Changes a resting order in place; where it cannot be kept, why, and it is as it was."""
    return (_split_order if action.kind is ActionKind.SPLIT else _reduce_order)(order, action)


def _move_account(
    action: CorporateAction,
    account: ExchangeAccount,
    last_close: Callable[[CorporateAction], Decimal],
) -> tuple[int, Decimal]:
    """Moves position and cash; returns the shares that were gained and the cash that was got."""
    shares, cost = account.positions.get(action.symbol, (0, Decimal(0)))
    if action.kind is ActionKind.DIVIDEND:
        paid = (shares * amount_of(action)).quantize(CENT)
        account.cash += paid
        return 0, paid
    left, left_cost, paid = split_position(
        shares, cost, ratio_of(action), lambda: last_close(action)
    )
    if shares:
        account.positions[action.symbol] = (left, left_cost)
    account.cash += paid
    return left - shares, paid


def _split_order(order: ExchangeOrder, split: CorporateAction) -> str | None:
    ratio = ratio_of(split)
    if ratio < 1:
        return f"cancelled by a reverse split of {order.symbol}, {ratio} for 1"
    lot = Instrument(order.symbol).lot_size
    remaining = int(order.remaining * ratio) // lot * lot
    prices = _adjusted_prices(order, split)
    if 0 in prices or not remaining:
        return f"cancelled: a split of {order.symbol}, {ratio} for 1, leaves nothing to trade"
    order.quantity = order.filled_quantity + remaining
    order.limit_price, order.stop_price = prices
    _move_watermark(order, split)
    if order.trail_amount is not None:
        order.trail_amount = adjusted(order.trail_amount, split, order.symbol, rounds_down=False)
    return None


def _reduce_order(order: ExchangeOrder, dividend: CorporateAction) -> str | None:
    if not reaches(dividend, order.side, is_stop=_is_stop(order)):
        return None
    prices = _adjusted_prices(order, dividend)
    if 0 in prices:
        amount = amount_of(dividend)
        return f"cancelled: the dividend of {amount} on {order.symbol} leaves nothing of its price"
    order.limit_price, order.stop_price = prices
    _move_watermark(order, dividend)
    return None


def _is_stop(order: ExchangeOrder) -> bool:
    """Whether an order waits for its trigger."""
    trails = order.trail_amount is not None or order.trail_percent is not None
    return (order.stop_price is not None or trails) and not order.triggered


def _move_watermark(order: ExchangeOrder, action: CorporateAction) -> None:
    if order.watermark is not None:
        rounding = ROUND_CEILING if order.side is Side.BUY else ROUND_FLOOR
        moved = in_todays_shares(order.watermark, action)
        order.watermark = moved.quantize(FINEST_PRICE, rounding)


def _adjusted_prices(
    order: ExchangeOrder, action: CorporateAction
) -> tuple[Decimal | None, Decimal | None]:
    """The limit and the stop, where it has them; 0 where nothing is left of one."""
    buys = order.side is Side.BUY
    limit, stop = order.limit_price, order.stop_price
    return (
        None if limit is None else adjusted(limit, action, order.symbol, rounds_down=buys),
        None if stop is None else adjusted(stop, action, order.symbol, rounds_down=not buys),
    )
