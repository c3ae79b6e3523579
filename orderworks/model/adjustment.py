"""What a split or a cash dividend makes of a price that an order names: a pure kernel.

As FINRA rule 5330 has it: a split changes every price; a dividend lowers what a fall trades at, the
limits of buys and the stops of sells, and leaves the others. An adjusted price is rounded so that the
order trades no sooner than it would have.
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from itertools import pairwise

from orderworks.model.corporate_action import ActionKind, AppliedAction, CorporateAction
from orderworks.model.instrument import Instrument
from orderworks.model.order import Side

CENT = Decimal("0.01")

Action = CorporateAction | AppliedAction


def reaches(action: Action, side: Side, *, is_stop: bool) -> bool:
    """Whether an action changes the prices of an order that trades on a side; ``is_stop``: it waits
    for its trigger."""
    if action.kind is ActionKind.SPLIT:
        return True
    return (side is Side.BUY) != is_stop and amount_of(action) >= CENT


def adjusted(price: Decimal, action: Action, symbol: str, *, rounds_down: bool) -> Decimal:
    """A price in today's shares, on the grid; 0 where nothing is left of it.

    Args:
        rounds_down: of limits to buy and stops to sell; others round up.
    """
    exact = in_todays_shares(price, action)
    return max(Decimal(0), on_grid(exact, symbol, ROUND_FLOOR if rounds_down else ROUND_CEILING))


def in_todays_shares(price: Decimal, action: Action) -> Decimal:
    """What a price before an action is after it."""
    if action.kind is ActionKind.SPLIT:
        return times(1 / ratio_of(action), price)
    return price - amount_of(action)


def of_new_share(price: Decimal | None, became: Fraction | int) -> Decimal | None:
    """A price, or None, of one of the shares that one share became; not put on the grid."""
    return price if price is None or became == 1 else times(1 / Fraction(became), price)


def on_grid(price: Decimal, symbol: str, rounding: str) -> Decimal:
    """A price as a multiple of the tick there."""
    tick = Instrument(symbol).tick_at(price)
    return (price / tick).to_integral_value(rounding) * tick


def times(factor: Fraction, value: Decimal) -> Decimal:
    """A multiplication by a fraction that is exact where a decimal can be."""
    return value * factor.numerator / factor.denominator


def whole_shares(shares: Sequence[int], became: Sequence[Fraction]) -> list[int]:
    """What fills are in other shares, in order: whole, their sum with no part of a share.

    Args:
        became: how many of the other shares one of each fill's is.
    """
    exact, told = Fraction(0), [0]
    for own, each in zip(shares, became, strict=True):
        exact += own * each
        told.append(int(exact))
    return [after - before for before, after in pairwise(told)]


def ratio_of(action: Action) -> Fraction:
    """The ratio of a split."""
    if action.ratio is None:
        raise ValueError(f"ratio is missing of the split of {action.symbol}")
    return action.ratio


def amount_of(action: Action) -> Decimal:
    """The amount of a dividend."""
    if action.amount is None:
        raise ValueError(f"amount is missing of the dividend of {action.symbol}")
    return action.amount
