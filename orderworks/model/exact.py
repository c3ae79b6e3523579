"""The door through which numbers and sides enter the domain: exact, finite, named when refused."""

from decimal import Decimal, InvalidOperation
from numbers import Integral, Real
from typing import Any

import numpy as np

from orderworks.model.order import Side

Number = int | float | str | Decimal | np.integer[Any] | np.floating[Any]
"""What a public function takes for a price or a quantity."""

LARGEST_EXPONENT = 400
"""What a whole number may be written with: every float has a smaller one."""


def to_decimal(value: object, name: str) -> Decimal:
    """``value`` as the exact decimal that it is written as: 10.07 is 10.07, not its binary tail.

    Takes int, float, str, Decimal and numpy scalars.

    Raises:
        ValueError: naming ``name``, for anything else, NaN and infinities.
    """
    if isinstance(value, Decimal):
        exact = value
    elif isinstance(value, bool):
        raise ValueError(f"{name} must be a number, not {value!r}")
    elif isinstance(value, Integral):
        exact = Decimal(int(value))
    elif isinstance(value, Real | str):
        try:
            # str() of a float is its shortest form, of numpy's float32 as well.
            exact = Decimal(str(value))
        except InvalidOperation:
            raise ValueError(f"{name} must be a number, not {value!r}") from None
    else:
        raise ValueError(f"{name} must be a number, not {value!r}")
    if not exact.is_finite():
        raise ValueError(f"{name} must be finite, not {value}")
    return exact


def to_positive(value: object, name: str) -> Decimal:
    """``value`` as an exact decimal above zero.

    Raises:
        ValueError: naming ``name``.
    """
    exact = to_decimal(value, name)
    if exact <= 0:
        raise ValueError(f"{name} must be positive, not {value}")
    return exact


def to_not_negative(value: object, name: str) -> Decimal:
    """``value`` as an exact decimal of zero or above.

    Raises:
        ValueError: naming ``name``.
    """
    exact = to_decimal(value, name)
    if exact < 0:
        raise ValueError(f"{name} must not be negative, not {value}")
    return exact


def to_whole(value: object, name: str) -> int:
    """``value`` as an int, where it is a whole number however it is written: 100, 100.0, "100".

    Raises:
        ValueError: naming ``name``.
    """
    exact = to_decimal(value, name)
    # As an int, what is written in ten characters can have more digits than memory holds.
    if int(exact.as_tuple().exponent) > LARGEST_EXPONENT:
        raise ValueError(f"{name} must have an exponent of at most {LARGEST_EXPONENT}, not {value}")
    whole = int(exact)
    if whole != exact:
        raise ValueError(f"{name} must be a whole number, not {value}")
    return whole


def to_positive_whole(value: object, name: str) -> int:
    """``value`` as an int above zero.

    Raises:
        ValueError: naming ``name``.
    """
    whole = to_whole(value, name)
    if whole <= 0:
        raise ValueError(f"{name} must be positive, not {value}")
    return whole


def to_side(value: Side | str, name: str = "side") -> Side:
    """``value`` as a Side: a ``Side``, 'buy' or 'sell'.

    Raises:
        ValueError: naming ``name``.
    """
    try:
        return Side(value)
    except ValueError:
        raise ValueError(f"{name} must be 'buy' or 'sell', not {value!r}") from None
