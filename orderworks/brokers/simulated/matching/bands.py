"""When and at which prices a symbol may trade: halts, and limit-up/limit-down.

Source of the bands: the National Market System Plan to Address Extraordinary Market Volatility,
appendix A, for tier 1.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from orderworks.market.tape import UNITS_PER_DOLLAR

MINUTE = 60 * 1_000_000
REFERENCE_SPAN = 5 * MINUTE
DOUBLED_AFTER_OPEN, DOUBLED_BEFORE_CLOSE = 15 * MINUTE, 25 * MINUTE

Halt = tuple[int, int]
"""From when and until when a symbol does not trade."""


def is_halted(halts: Sequence[Halt], ts: int) -> bool:
    """Whether what is stamped ``ts``, the end of its second, happened in a halt."""
    return any(start < ts <= end for start, end in halts)


def band_width(reference: Decimal) -> Decimal:
    """How far a price may be from a reference, both in dollars: tier 1, undoubled.

    5 % above 3 $, 20 % from 0.75 $ to 3 $, and the lesser of 0.15 $ and 75 % below.
    """
    if reference > 3:
        return reference * Decimal("0.05")
    if reference >= Decimal("0.75"):
        return reference * Decimal("0.20")
    return min(Decimal("0.15"), reference * Decimal("0.75"))


@dataclass(frozen=True, slots=True)
class Bands:
    """The price bands of one symbol in one session.

    Attributes:
        ts, counted: of its bars, and the sum of their first n closes for every n from 0.
        session_open, session_close: around them the bands are twice as wide.
    """

    ts: NDArray[np.int64]
    counted: NDArray[np.int64]
    session_open: int
    session_close: int

    def reference(self, at: int) -> Decimal | None:
        """The mean of the last five minutes' trade prices before a time, in dollars.

        A bar's close stands for its trades. Where none traded in them the last trade before
        stands; None before the first.
        """
        end = bisect_left(self.ts, at)
        if not end:
            return None
        begin = min(bisect_right(self.ts, at - REFERENCE_SPAN), end - 1)
        total = int(self.counted[end] - self.counted[begin])
        return Decimal(total) / (end - begin) / UNITS_PER_DOLLAR

    def permit(self, at: int, price: Decimal) -> bool:
        """Whether there may be a trade at a time at a price in dollars."""
        reference = self.reference(at)
        if reference is None:
            return True
        width = band_width(reference)
        if (
            at <= self.session_open + DOUBLED_AFTER_OPEN
            or at > self.session_close - DOUBLED_BEFORE_CLOSE
        ):
            width *= 2
        return abs(price - reference) <= width
