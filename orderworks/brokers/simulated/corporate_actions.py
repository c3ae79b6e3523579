"""What a split or a cash dividend does to an account and its resting orders: a pure kernel.

Orders are adjusted as FINRA rule 5330 has it: a dividend lowers buy limits and sell stops and leaves
sell limits and buy stops; a split changes the quantity and the prices of all; a reverse split cancels
all. An adjusted price is rounded so that the order trades no sooner than it would have. What a trailing
stop has followed is adjusted with its stop; a stop-limit that was triggered is a limit.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.market.tape import UNITS_PER_DOLLAR
from orderworks.model.corporate_action import ActionKind, AppliedAction, CorporateAction
from orderworks.model.instrument import Instrument
from orderworks.model.order import Side

CENT = Decimal("0.01")
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
    cash = _decimal(fraction / ratio, last_close()).quantize(CENT)
    return whole, _decimal(whole / exact, cost), cash


def adjust_order(order: ExchangeOrder, action: CorporateAction) -> str | None:
    """Changes a resting order in place; where it cannot be kept, why, and it is as it was."""
    if action.kind is ActionKind.SPLIT:
        return _split_order(order, _ratio(action))
    return _reduce_order(order, _amount(action))


def _move_account(
    action: CorporateAction,
    account: ExchangeAccount,
    last_close: Callable[[CorporateAction], Decimal],
) -> tuple[int, Decimal]:
    """Moves position and cash; returns the shares that were gained and the cash that was got."""
    shares, cost = account.positions.get(action.symbol, (0, Decimal(0)))
    if action.kind is ActionKind.DIVIDEND:
        paid = (shares * _amount(action)).quantize(CENT)
        account.cash += paid
        return 0, paid
    left, left_cost, paid = split_position(shares, cost, _ratio(action), lambda: last_close(action))
    if shares:
        account.positions[action.symbol] = (left, left_cost)
    account.cash += paid
    return left - shares, paid


def _split_order(order: ExchangeOrder, ratio: Fraction) -> str | None:
    if ratio < 1:
        return f"cancelled by a reverse split of {order.symbol}, {ratio} for 1"
    lot = Instrument(order.symbol).lot_size
    remaining = int(order.remaining * ratio) // lot * lot
    prices = _rounded(order, lambda price: _decimal(1 / ratio, price))
    if prices is None or not remaining:
        return f"cancelled: a split of {order.symbol}, {ratio} for 1, leaves nothing to trade"
    order.quantity = order.filled_quantity + remaining
    order.limit_price, order.stop_price = prices
    _move_watermark(order, lambda mark: _decimal(1 / ratio, mark))
    if order.trail_amount is not None:
        order.trail_amount = _on_grid(order, _decimal(1 / ratio, order.trail_amount), ROUND_CEILING)
    return None


def _reduce_order(order: ExchangeOrder, amount: Decimal) -> str | None:
    # A limit to buy and a stop to sell trade when the price falls, as a dividend makes it do.
    falls_into = (order.side is Side.BUY) != _is_stop(order)
    if not falls_into or amount < CENT:
        return None
    prices = _rounded(order, lambda price: price - amount)
    if prices is None:
        return f"cancelled: the dividend of {amount} on {order.symbol} leaves nothing of its price"
    order.limit_price, order.stop_price = prices
    _move_watermark(order, lambda mark: mark - amount)
    return None


def _is_stop(order: ExchangeOrder) -> bool:
    """Whether an order waits for its trigger."""
    trails = order.trail_amount is not None or order.trail_percent is not None
    return (order.stop_price is not None or trails) and not order.triggered


def _move_watermark(order: ExchangeOrder, adjust: Callable[[Decimal], Decimal]) -> None:
    if order.watermark is not None:
        rounding = ROUND_CEILING if order.side is Side.BUY else ROUND_FLOOR
        order.watermark = adjust(order.watermark).quantize(FINEST_PRICE, rounding)


def _rounded(
    order: ExchangeOrder, adjust: Callable[[Decimal], Decimal]
) -> tuple[Decimal | None, Decimal | None] | None:
    """The limit and the stop, adjusted and on the grid; None where one comes to nothing."""
    down = order.side is Side.BUY
    limit = _adjusted(order, order.limit_price, adjust, down)
    stop = _adjusted(order, order.stop_price, adjust, not down)
    return None if 0 in (limit, stop) else (limit, stop)


def _adjusted(
    order: ExchangeOrder, price: Decimal | None, adjust: Callable[[Decimal], Decimal], down: bool
) -> Decimal | None:
    if price is None:
        return None
    adjusted = adjust(price)
    if adjusted <= 0:
        return Decimal(0)
    return _on_grid(order, adjusted, ROUND_FLOOR if down else ROUND_CEILING)


def _on_grid(order: ExchangeOrder, price: Decimal, rounding: str) -> Decimal:
    tick = Instrument(order.symbol).tick_at(price)
    return (price / tick).to_integral_value(rounding) * tick


def _decimal(factor: Fraction, value: Decimal) -> Decimal:
    """A multiplication by a fraction that is exact where a decimal can be."""
    return value * factor.numerator / factor.denominator


def _ratio(action: CorporateAction) -> Fraction:
    if action.ratio is None:
        raise ValueError(f"ratio is missing of the split of {action.symbol}")
    return action.ratio


def _amount(action: CorporateAction) -> Decimal:
    if action.amount is None:
        raise ValueError(f"amount is missing of the dividend of {action.symbol}")
    return action.amount
