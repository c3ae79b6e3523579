"""Whether a stock may be sold short, by what the broker ticks of it. Pure.

Source: IBKR's "Available Tick Types" (TWS API documentation): of tick 46, above 2.5 at least 1,000 shares
can be had, above 1.5 they may be once they are located, and below that none; tick 89 counts them.
"""

from math import isnan

SHORTABLE = "236"
"""The generic tick that is asked for: it brings ticks 46 and 89."""

NONE_UP_TO = 1.5
"""The level of tick 46 up to which no shares are to be had."""


def may_be_shorted(level: float, shares: float) -> bool | None:
    """Whether there are shares to borrow; None where neither tick has come.

    Args:
        level: tick 46, NaN where it has not come.
        shares: tick 89, which decides where the other has not.
    """
    if not isnan(level):
        return level > NONE_UP_TO
    return None if isnan(shares) else shares > 0
