"""How much to trade: the kernels that every way of sizing shares."""

from decimal import Decimal
from typing import TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from orderworks.model.exact import Number, to_decimal, to_positive, to_whole

Real = TypeVar("Real", Decimal, float, NDArray[np.float64])
Shares = NDArray[np.int64]


def edge_over_odds(win_rate: Real, avg_win: Real, avg_loss: Real) -> Real:
    """Kelly's f* = (p*b - q)/b with b = avg_win / avg_loss, unchecked, element by element.

    Source: Thorp, The Kelly Criterion in Blackjack, Sports Betting and the Stock Market (2006).
    """
    return win_rate - (1 - win_rate) * avg_loss / avg_win


def kelly_fraction(win_rate: Number, avg_win: Number, avg_loss: Number) -> float:
    """The fraction of the bankroll that grows it fastest; negative where it is no bet to make.

    ``win_rate`` is a probability; ``avg_win`` and ``avg_loss`` are positive, in one unit.

    Raises:
        ValueError: naming the argument.
    """
    probability = to_decimal(win_rate, "win_rate")
    if not 0 <= probability <= 1:
        raise ValueError(f"win_rate must be between 0 and 1, not {win_rate}")
    win, loss = to_positive(avg_win, "avg_win"), to_positive(avg_loss, "avg_loss")
    return float(edge_over_odds(probability, win, loss))


@overload
def unordered_quantity(target: Shares, holdings: Shares, open_remaining: Shares) -> Shares: ...
@overload
def unordered_quantity(target: Number, holdings: Number, open_remaining: Number) -> int: ...
def unordered_quantity(
    target: Number | Shares, holdings: Number | Shares, open_remaining: Number | Shares
) -> int | Shares:
    """What is still to be ordered to reach ``target``: signed, positive = buy.

    ``open_remaining`` is the signed quantity that open orders have still to fill. Whole numbers,
    or integer arrays of one shape.

    Raises:
        ValueError: naming the argument that is not whole.
    """
    wanted = _whole(target, "target")
    return wanted - _whole(holdings, "holdings") - _whole(open_remaining, "open_remaining")


def _whole(value: Number | Shares, name: str) -> int | Shares:
    if isinstance(value, np.ndarray):
        if not np.issubdtype(value.dtype, np.integer):
            raise ValueError(f"{name} must be an array of integers, not of {value.dtype}")
        return value
    return to_whole(value, name)
