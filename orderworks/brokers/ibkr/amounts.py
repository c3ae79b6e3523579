"""Numbers between our exact ones and the floats of the wire."""

from decimal import Decimal

from ib_async.util import UNSET_DOUBLE


def to_float(amount: Decimal) -> float:
    """The float that is written as this very decimal: exact up to 15 significant digits.

    Raises:
        ValueError: for a decimal that no float stands for.
    """
    number = float(amount)
    if Decimal(repr(number)) != amount:
        raise ValueError(f"{amount} has more digits than can be sent to the broker")
    return number


def to_decimal(number: float | Decimal) -> Decimal:
    """The decimal that a float is written as."""
    return number if isinstance(number, Decimal) else Decimal(repr(number))


def price_or_none(number: float | Decimal | None) -> Decimal | None:
    """A price, or None where there is none: the wire says 0 or its unset number."""
    if number is None or not 0 < number < UNSET_DOUBLE:
        return None
    return to_decimal(number)


def whole(number: float | Decimal, what: str) -> int:
    """A number of shares.

    Raises:
        ValueError: naming ``what`` has a part of a share.
    """
    if number != int(number):
        raise ValueError(f"{what} of {number} shares is not whole: fractions are not traded here")
    return int(number)
