"""What the market did while each of many orders was worked: one search for all orders of a symbol.

The definitions are those of ``benchmarks``; here they are read off running sums, so that an order
costs two binary searches however long it was worked.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.market.tape import dollars, price_units
from orderworks.quality.histories import Histories, History, to_microseconds

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def measure_intervals(intervals: pd.DataFrame, histories: Histories) -> pd.DataFrame:
    """The benchmarks of each interval, what was traded in it, and the price at its end.

    Crossed and one-sided quotes are left out: the last sound mid is held through them. A bar
    counts where it ends inside (start, end], at its typical price (high + low + close) / 3.

    Args:
        intervals: symbol, start, end (aware times); any index.
        histories: of the session.

    Returns:
        With the index of ``intervals``: twap_price and vwap_price, float64 dollars; volume, in
        shares; and end_price, the exact mid at the end, or the last trade where the quote at the end
        is not sound. NaN and None where the market has nothing: no sound quote before the end, no
        trade in the interval. An interval of no length has the mid that stood then for its TWAP.

    Raises:
        MarketDataError: if the market's data cannot be read.
    """
    starts, ends = to_microseconds(intervals["start"]), to_microseconds(intervals["end"])
    twaps, vwaps, volumes = (np.full(len(intervals), np.nan) for _ in range(3))
    end_prices = np.full(len(intervals), None, dtype=object)
    for symbol, rows in intervals.groupby("symbol").indices.items():
        history = histories.of(str(symbol))
        sound = history.sound
        mids = (history.bid[sound] + history.ask[sound]) / 2
        twaps[rows] = interval_twaps(history.quoted[sound], mids, starts[rows], ends[rows])
        vwaps[rows] = interval_vwaps(
            history.traded, history.typical, history.volume, starts[rows], ends[rows]
        )
        volumes[rows] = interval_volumes(history.traded, history.volume, starts[rows], ends[rows])
        end_prices[rows] = _end_prices(history, ends[rows])
    return pd.DataFrame(
        {
            "twap_price": twaps,
            "vwap_price": vwaps,
            "volume": volumes,
            "end_price": end_prices,
        },
        index=intervals.index,
    )


def interval_twaps(times: Integers, prices: Floats, starts: Integers, ends: Integers) -> Floats:
    """``twap_benchmark`` of each interval (start, end).

    Args:
        times: microseconds, ascending; ``prices`` has one for each.
        starts, ends: microseconds, one of each an interval.

    Returns:
        One mean an interval, NaN where no price is before its end; where it has no length, the
        price that stands then.
    """
    if not len(times):
        return np.full(len(starts), np.nan)
    # Measured from the first price, the running sum stays small and keeps its digits.
    excess = prices - prices[0]
    area = np.concatenate([[0.0], np.cumsum(excess[:-1] * np.diff(times))])

    def area_until(moments: Integers) -> Floats:
        last = np.searchsorted(times, moments, side="right") - 1
        return np.asarray(area[last] + excess[last] * (moments - times[last]), dtype=np.float64)

    begins = np.maximum(starts, times[0])
    lengths = ends - begins
    means = prices[0] + (area_until(np.maximum(ends, begins)) - area_until(begins)) / np.where(
        lengths > 0, lengths, 1
    )
    standing = np.searchsorted(times, starts, side="right") - 1
    held = np.where(standing >= 0, prices[standing], np.nan)
    instantaneous = ends <= starts
    return np.where(instantaneous, held, np.where(lengths > 0, means, np.nan))


def interval_vwaps(
    times: Integers, prices: Floats, volumes: Floats, starts: Integers, ends: Integers
) -> Floats:
    """``vwap_benchmark`` of the trades with start < time <= end of each interval.

    Args:
        times: microseconds, ascending; ``prices`` and ``volumes`` (shares) have one for each.
        starts, ends: microseconds, one of each an interval.

    Returns:
        One mean an interval, NaN where nothing was traded in it.
    """
    if not len(times):
        return np.full(len(starts), np.nan)
    shares = np.concatenate([[0.0], np.cumsum(volumes)])
    money = np.concatenate([[0.0], np.cumsum((prices - prices[0]) * volumes)])
    first = np.searchsorted(times, starts, side="right")
    last = np.maximum(np.searchsorted(times, ends, side="right"), first)
    traded = shares[last] - shares[first]
    means = prices[0] + (money[last] - money[first]) / np.where(traded > 0, traded, 1)
    return np.where(traded > 0, means, np.nan)


def interval_volumes(times: Integers, volumes: Floats, starts: Integers, ends: Integers) -> Floats:
    """The shares that were traded with start < time <= end of each interval; NaN where none were."""
    shares = np.concatenate([[0.0], np.cumsum(volumes)])
    first = np.searchsorted(times, starts, side="right")
    last = np.maximum(np.searchsorted(times, ends, side="right"), first)
    traded = shares[last] - shares[first]
    return np.where(traded > 0, traded, np.nan)


def _end_prices(history: History, ends: Integers) -> NDArray[np.object_]:
    """The exact mid at each end, else the last trade, else None."""
    prices = np.full(len(ends), None, dtype=object)
    standing = np.searchsorted(history.quoted, ends, side="right") - 1
    latest = np.searchsorted(history.traded, ends, side="right") - 1
    for row, (quote, trade) in enumerate(zip(standing, latest, strict=True)):
        if quote >= 0 and history.sound[quote]:
            sides = price_units(np.array([history.bid[quote], history.ask[quote]]))
            prices[row] = dollars(sides.sum()) / 2
        elif trade >= 0:
            prices[row] = dollars(price_units(history.close[[trade]])[0])
    return prices
