"""Synthetic sessions in the form of real market data, from a seed.

Every second of a session holds a quote, which moves on a random walk, and perhaps trades inside
it. What is written is what a recorder would have kept: the quotes that changed, the seconds that
traded, and daily bars that are the sums of those seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orderworks.market import files
from orderworks.market.calendar import Session, previous_sessions, require_session
from orderworks.market.tape import microseconds
from orderworks.market.universe import DEFAULT_UNIVERSE, Listing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[Any]

LOT = 100
CENTS = 100
OPENING_QUOTE = timedelta(seconds=3)
"""The first quote of a session comes this long before the open."""
LOCKED, CROSSED = 0.005, 0.005
"""The fractions of quotes whose ask is at the bid, and a tick below it."""
OVERNIGHT = 0.3
"""The part of a day's volatility that falls between close and open."""
TRADES_A_QUOTE = 0.6
"""How often a second trades, as a part of how often its quote changes."""


@dataclass(frozen=True, slots=True)
class _Stocks:
    """The universe as columns, one entry a symbol; prices are in cents."""

    symbols: list[str]
    price: Array
    volume: Array
    volatility: Array
    spread: Array

    @classmethod
    def listed(cls, universe: Mapping[str, Listing]) -> _Stocks:
        import numpy as np

        stocks = sorted(universe.items())
        return cls(
            symbols=[symbol for symbol, _ in stocks],
            price=np.array([listing.price * CENTS for _, listing in stocks]),
            volume=np.array([listing.daily_volume for _, listing in stocks], dtype=float),
            volatility=np.array([listing.daily_volatility for _, listing in stocks]),
            spread=np.array([listing.spread_ticks for _, listing in stocks], dtype=float),
        )

    @property
    def quote_rate(self) -> Array:
        """The fraction of seconds in which the quote changes: busier names change more."""
        import numpy as np

        return np.interp(np.log10(self.volume), [5.0, 7.0, 8.0], [0.03, 0.35, 0.50])

    def named(self, numbers: Array) -> Any:
        import pandas as pd

        return pd.array(self.symbols, dtype="str").take(numbers)


def write_session(
    directory: Path,
    session: Session,
    symbols: Mapping[str, Listing] = DEFAULT_UNIVERSE,
    *,
    seed: int,
    earlier_sessions: int = 25,
) -> None:
    """Writes a synthetic ``session``: ``write_sessions`` of the one."""
    write_sessions(directory, [session], symbols, seed=seed, earlier_sessions=earlier_sessions)


def write_sessions(
    directory: Path,
    sessions: Sequence[Session],
    symbols: Mapping[str, Listing] = DEFAULT_UNIVERSE,
    *,
    seed: int,
    earlier_sessions: int = 25,
) -> None:
    """Writes synthetic ``sessions``, each opening near the last one's close, into ``directory``.

    What it holds of them is replaced. Beside their quotes and bars come the bars of the session
    before them, for volume curves, and ``daily.csv`` with that many earlier sessions and the
    sessions themselves. The same arguments write the same data.

    Raises:
        ValueError: if there is no symbol, no session or no earlier session.
        InputError: if the calendar does not reach that far back.
    """
    import numpy as np
    import pandas as pd

    if not symbols or not sessions or earlier_sessions < 1:
        raise ValueError("symbols and sessions must not be empty and earlier_sessions be 1 or more")
    stocks = _Stocks.listed(symbols)
    random = np.random.default_rng([seed, sessions[0].date.toordinal()])
    days = previous_sessions(sessions[0].date, earlier_sessions)

    history, close = _draw_history(random, stocks, [day.isoformat() for day in days[:-1]])
    daily = [history] if len(history) else []
    for recorded in (require_session(days[-1]), *sessions):
        quotes, bars, close = _draw_session(random, stocks, recorded, close)
        daily.append(_daily_bars(bars, recorded))
        folder = directory / recorded.date.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        bars.to_parquet(folder / files.BARS, index=False)
        if recorded in sessions:
            quotes.to_parquet(folder / files.QUOTES, index=False)
    pd.concat(daily, ignore_index=True).to_csv(directory / files.DAILY, index=False)


def _draw_session(
    random: np.random.Generator, stocks: _Stocks, session: Session, previous_close: Array
) -> tuple[pd.DataFrame, pd.DataFrame, Array]:
    """Quotes, bars and closing prices (cents) of one session.

    Arrays are (1 + seconds, symbols): row 0 is the opening quote, row n the nth second.
    """
    import numpy as np

    seconds = (session.close - session.open) // timedelta(seconds=1)
    shape = (seconds + 1, len(stocks.symbols))
    steps = random.standard_normal(shape, dtype=np.float32)
    steps *= (stocks.volatility * np.sqrt((1 - OVERNIGHT**2) / seconds)).astype(np.float32)
    steps[0] = random.standard_normal(shape[1]) * stocks.volatility * OVERNIGHT
    mid = previous_close * np.exp(np.cumsum(steps, axis=0, dtype=np.float64))
    spread = stocks.spread * np.exp(0.25 * random.standard_normal(shape, dtype=np.float32))
    spread = np.clip(np.rint(spread), 1, 10)
    bid = np.maximum(np.rint(mid - spread / 2), 2.0)
    ask = bid + spread
    flaw = random.random(shape, dtype=np.float32)
    flaw[0] = 1.0
    ask = np.where(flaw < LOCKED + CROSSED, bid - (flaw < CROSSED), ask)

    changed = random.random(shape, dtype=np.float32) < stocks.quote_rate
    changed[0] = True
    standing = np.where(changed, np.arange(len(changed))[:, np.newaxis], 0)
    standing = np.maximum.accumulate(standing, axis=0)
    bid, ask = (np.take_along_axis(side, standing, axis=0) for side in (bid, ask))

    quotes = _quotes(random, stocks, session, changed, bid, ask)
    bars = _bars(random, stocks, session, np.minimum(bid, ask), np.maximum(bid, ask))
    return quotes, bars, mid[-1]


def _quotes(
    random: np.random.Generator,
    stocks: _Stocks,
    session: Session,
    changed: Array,
    bid: Array,
    ask: Array,
) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    row, stock = np.nonzero(changed)
    depth = np.sqrt(stocks.volume / 1_000_000)[stock]
    lots = 1 + np.floor(depth * random.standard_exponential((2, len(row)))).astype(np.int64)
    return pd.DataFrame(
        {
            "ts": _times(session, row),
            "symbol": stocks.named(stock),
            "bid": bid[changed] / CENTS,
            "ask": ask[changed] / CENTS,
            "bid_size": LOT * lots[0],
            "ask_size": LOT * lots[1],
        }
    )


def _bars(
    random: np.random.Generator, stocks: _Stocks, session: Session, low: Array, high: Array
) -> pd.DataFrame:
    """Trades between ``low`` and ``high`` of their second; the last second always trades."""
    import numpy as np
    import pandas as pd

    traded = random.random(low.shape, dtype=np.float32) < TRADES_A_QUOTE * stocks.quote_rate
    traded[0] = False
    traded[-1] = True
    row, stock = np.nonzero(traded)

    # Three in four trades are at a touch. Half of the seconds hold one price, half up to four.
    place = np.clip(4 * random.random((4, len(row)), dtype=np.float32) - 1.5, 0, 1)
    place[1:] = np.where(random.random(len(row)) < 0.5, place[:1], place[1:])
    low, high = low[traded], high[traded]
    prices = low + np.rint(place * (high - low))

    # Volume is high at the open and the close: a U over the session.
    through = row / (len(traded) - 1)
    weight = (1 + 3 * (2 * through - 1) ** 4) * np.exp(0.8 * random.standard_normal(len(row)))
    share = weight / np.bincount(stock, weight)[stock]
    volume = stocks.volume * np.exp(0.15 * random.standard_normal(len(stocks.symbols)))
    return pd.DataFrame(
        {
            "ts": _times(session, row),
            "symbol": stocks.named(stock),
            "open": prices[0] / CENTS,
            "high": prices.max(axis=0) / CENTS,
            "low": prices.min(axis=0) / CENTS,
            "close": prices[-1] / CENTS,
            "volume": np.maximum(np.rint(share * volume[stock]), 1).astype(np.int64),
        }
    )


def _times(session: Session, row: Array) -> pd.DatetimeIndex:
    import numpy as np
    import pandas as pd

    ts = microseconds(session.open) + row.astype(np.int64) * 1_000_000
    ts[row == 0] = microseconds(session.open - OPENING_QUOTE)
    return pd.DatetimeIndex(ts.astype("datetime64[us]"), tz="UTC")


def _daily_bars(bars: pd.DataFrame, session: Session) -> pd.DataFrame:
    by_symbol = bars.groupby("symbol", sort=True)
    daily = by_symbol.agg(
        open=("open", "first"),
        high=("high", "max"),
        low=("low", "min"),
        close=("close", "last"),
        volume=("volume", "sum"),
    ).reset_index()
    daily.insert(0, "date", session.date.isoformat())
    return daily


def _draw_history(
    random: np.random.Generator, stocks: _Stocks, days: list[str]
) -> tuple[pd.DataFrame, Array]:
    """Daily bars of ``days``, and the closing prices (cents) that they end at: the listed ones."""
    import numpy as np
    import pandas as pd

    count = len(stocks.symbols)
    shape = (len(days), count)
    returns = stocks.volatility * random.standard_normal(shape)
    to_come = returns.sum(axis=0) - np.cumsum(returns, axis=0)
    close = stocks.price * np.exp(-to_come)
    gap = OVERNIGHT * stocks.volatility * random.standard_normal(shape)
    opening = close * np.exp(gap - returns)
    reach = np.exp(0.5 * stocks.volatility * np.abs(random.standard_normal((2, *shape))))
    volume = stocks.volume * np.exp(0.25 * random.standard_normal(shape))
    cents = {
        "open": opening,
        "high": np.maximum(opening, close) * reach[0],
        "low": np.minimum(opening, close) / reach[1],
        "close": close,
    }
    daily = pd.DataFrame(
        {
            "date": np.repeat(np.array(days, dtype=object), count),
            "symbol": stocks.named(np.tile(np.arange(count), len(days))),
            **{name: np.rint(price).ravel() / CENTS for name, price in cents.items()},
            "volume": np.rint(volume).astype(np.int64).ravel(),
        }
    )
    return daily, stocks.price
