"""What the market did while each of many orders was worked: one search for all orders of a symbol.

The definitions are those of ``benchmarks``; here they are read off running sums, so that an order
costs two binary searches however long it was worked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.market.data import MarketData
from orderworks.market.quotes import quote_problems
from orderworks.market.tape import EPOCH, dollars, price_units

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

LOOKBACK = timedelta(days=1)
"""Every order of a session sees the same history, whichever orders it is measured with."""


def measure_intervals(
    intervals: pd.DataFrame, market: MarketData, session_close: datetime
) -> pd.DataFrame:
    """The benchmarks of each interval, and the price at its end.

    Crossed and one-sided quotes are left out: the last sound mid is held through them. A bar
    counts where it ends inside (start, end], at its typical price (high + low + close) / 3.

    Args:
        intervals: symbol, start, end (aware times); any index.
        market: asked once a symbol for the quotes and the bars of the day before
            ``session_close``.

    Returns:
        With the index of ``intervals``: twap_price and vwap_price, float64 dollars, and
        end_price, the exact mid at the end, or the last trade where the quote at the end is not
        sound. NaN and None where the market has nothing: no sound quote before the end, no trade
        in the interval. An interval of no length has the mid that stood then for its TWAP.

    Raises:
        MarketDataError: if the market's data cannot be read.
    """
    starts, ends = _microseconds(intervals["start"]), _microseconds(intervals["end"])
    twaps, vwaps = np.full(len(intervals), np.nan), np.full(len(intervals), np.nan)
    end_prices = np.full(len(intervals), None, dtype=object)
    since = session_close - LOOKBACK
    for symbol, rows in intervals.groupby("symbol").indices.items():
        quotes = market.quotes_between(str(symbol), since, session_close, prevailing=True)
        bars = market.bars_between(str(symbol), since, session_close)
        history = _History.of(quotes, bars, session_close)
        sound = history.sound
        mids = (history.bid[sound] + history.ask[sound]) / 2
        twaps[rows] = interval_twaps(history.quoted[sound], mids, starts[rows], ends[rows])
        vwaps[rows] = interval_vwaps(
            history.traded, history.typical, history.volume, starts[rows], ends[rows]
        )
        end_prices[rows] = _end_prices(history, ends[rows])
    return pd.DataFrame(
        {"twap_price": twaps, "vwap_price": vwaps, "end_price": end_prices}, index=intervals.index
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


@dataclass(frozen=True, slots=True, eq=False)
class _History:
    """Quotes and trades of one symbol. Times are microseconds; ``sound`` marks the quotes with
    two sides that do not cross."""

    quoted: Integers
    bid: Floats
    ask: Floats
    sound: NDArray[np.bool_]
    traded: Integers
    typical: Floats
    close: Floats
    volume: Floats

    @classmethod
    def of(cls, quotes: pd.DataFrame, bars: pd.DataFrame, at: datetime) -> _History:
        # A quote that stands does not age here: staleness is a rule for pricing from it.
        problems = quote_problems(quotes, at, stale_after=at - EPOCH)
        volume = bars["volume"].to_numpy(np.float64)
        some = volume > 0
        high, low, close = (
            bars[name].to_numpy(np.float64)[some] for name in ("high", "low", "close")
        )
        return cls(
            quoted=_microseconds(quotes["ts"]),
            bid=quotes["bid"].to_numpy(np.float64),
            ask=quotes["ask"].to_numpy(np.float64),
            sound=problems.isna().to_numpy(np.bool_),
            traded=_microseconds(bars["ts"])[some],
            typical=(high + low + close) / 3,
            close=close,
            volume=volume[some],
        )


def _end_prices(history: _History, ends: Integers) -> NDArray[np.object_]:
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


def _microseconds(column: pd.Series[Any]) -> Integers:
    return column.to_numpy("datetime64[us]").astype(np.int64)
