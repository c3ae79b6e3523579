"""What a broker charges for an order: IBKR's price lists for US stocks, and a plain rate a share.

A schedule says what an order has cost so far, from the shares and the value filled so far. What
one fill costs is the difference that it makes, so that minima, caps and tiers hold for the order
and not for each of its fills.

Source: IBKR, Commissions, Stocks, ETFs and warrants, United States (Fixed and Tiered pricing).
"""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

from orderworks.model.exact import Number, to_not_negative, to_positive, to_positive_whole

Schedule = Callable[[int, Decimal], Decimal]
"""The commission of an order, from its shares and its value filled so far."""

NOTHING = Decimal(0)
MAXIMUM_OF_VALUE = Decimal("0.01")

FIXED_RATE = Decimal("0.005")
FIXED_MINIMUM = Decimal("1.00")

TIERED_MINIMUM = Decimal("0.35")
TIERS: tuple[tuple[int, Decimal], ...] = (
    (0, Decimal("0.0035")),
    (300_000, Decimal("0.0020")),
    (3_000_000, Decimal("0.0015")),
    (20_000_000, Decimal("0.0010")),
    (100_000_000, Decimal("0.0005")),
)
"""The rate a share from each number of shares a month upwards."""


def ibkr_fixed(shares: Number, price: Number) -> Decimal:
    """The commission of ``shares`` at ``price`` under IBKR's Fixed pricing.

    Raises:
        ValueError: naming the argument.
    """
    count = to_positive_whole(shares, "shares")
    return fixed_schedule(count, count * to_positive(price, "price"))


def ibkr_tiered(shares: Number, price: Number, month_to_date_shares: Number) -> Decimal:
    """The commission of ``shares`` at ``price`` under IBKR's Tiered pricing.

    Each share is charged at the rate of the tier in which it falls, counting on from
    ``month_to_date_shares``.

    Raises:
        ValueError: naming the argument.
    """
    count = to_positive_whole(shares, "shares")
    return tiered_schedule(month_to_date_shares)(count, count * to_positive(price, "price"))


def per_share(cumulative_shares: Number, rate: Number, minimum: Number) -> Decimal:
    """What an order has cost after ``cumulative_shares``: a rate a share, a minimum an order.

    Raises:
        ValueError: naming the argument.
    """
    count = to_positive_whole(cumulative_shares, "cumulative_shares")
    return max(count * to_not_negative(rate, "rate"), to_not_negative(minimum, "minimum"))


def fixed_schedule(shares: int, value: Decimal) -> Decimal:
    """IBKR's Fixed pricing."""
    return _within(shares * FIXED_RATE, FIXED_MINIMUM, value)


def tiered_schedule(month_to_date_shares: Number) -> Schedule:
    """IBKR's Tiered pricing for an order that begins after ``month_to_date_shares``."""
    before = to_not_negative(month_to_date_shares, "month_to_date_shares")
    return lambda shares, value: _within(
        _tiered(before + shares) - _tiered(before), TIERED_MINIMUM, value
    )


def fill_commission(
    schedule: Schedule,
    filled_before: int,
    value_before: Decimal,
    quantity: int,
    price: Decimal,
) -> Decimal:
    """What one more fill adds to an order's commission; nothing was charged before the first."""
    charged = schedule(filled_before, value_before) if filled_before else NOTHING
    return schedule(filled_before + quantity, value_before + quantity * price) - charged


def _tiered(month_shares: Decimal) -> Decimal:
    """The commission, at the rates of the tiers alone, of a month's first ``month_shares``."""
    breaks = [*(Decimal(start) for start, _ in TIERS), month_shares]
    widths = [
        max(Decimal(0), min(upper, month_shares) - lower) for lower, upper in pairwise(breaks)
    ]
    return sum(
        (width * rate for width, (_, rate) in zip(widths, TIERS, strict=True)), start=Decimal(0)
    )


def _within(commission: Decimal, minimum: Decimal, value: Decimal) -> Decimal:
    """At least the minimum, but never above the cap: on a tiny order the cap wins."""
    return min(max(commission, minimum), value * MAXIMUM_OF_VALUE)
