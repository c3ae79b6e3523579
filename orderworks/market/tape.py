"""The tape of one symbol: what was quoted and traded, as exact integers.

Times are microseconds since the Unix epoch, prices are ten-thousandths of a dollar (the finest
grid of Regulation NMS rule 612), sizes and volumes are shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

UNITS_PER_DOLLAR = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class SymbolTape:
    """Arrays of one length for the quotes, of another for the bars; both in time order.

    A row becomes known at its time. ``bid`` and ``ask`` of 0 mean that the side was absent.
    """

    symbol: str
    quote_ts: Integers
    bid: Integers
    ask: Integers
    bid_size: Integers
    ask_size: Integers
    bar_ts: Integers
    open: Integers
    high: Integers
    low: Integers
    close: Integers
    volume: Integers


# What happens to many orders, happens at few times and at few prices: each is turned once.
@lru_cache(maxsize=1024)
def microseconds(at: datetime) -> int:
    """Microseconds since the Unix epoch; exact."""
    return (at - EPOCH) // ONE_MICROSECOND


@lru_cache(maxsize=1024)
def instant(since_epoch: int) -> datetime:
    """The UTC time that ``microseconds`` came from."""
    return EPOCH + int(since_epoch) * ONE_MICROSECOND


def price_units(prices: NDArray[np.float64]) -> Integers:
    """Dollars as ten-thousandths; exact for every price of at most four decimals."""
    import numpy as np

    return np.rint(prices * UNITS_PER_DOLLAR).astype(np.int64)


@lru_cache(maxsize=4096)
def dollars(units: int) -> Decimal:
    """The price that ``units`` ten-thousandths stand for; exact."""
    return Decimal(int(units)).scaleb(-4)
