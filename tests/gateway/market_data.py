"""Ticks: what a client that asked for a stock's market data is told of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from .board import Board

DELAY = timedelta(minutes=15)
"""How old delayed data are."""

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
"""The market data types."""


class Ids(NamedTuple):
    """The tick types of one kind of data."""

    bid: int
    bid_size: int
    ask: int
    ask_size: int
    last: int
    last_size: int
    high: int
    low: int
    volume: int
    close: int
    open: int


LIVE_IDS = Ids(1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 14)
DELAYED_IDS = Ids(66, 69, 67, 70, 68, 71, 72, 73, 74, 75, 76)


SHORTABLE, SHORTABLE_LEVEL, SHORTABLE_SHARES = "236", 46, 89
"""The generic tick that asks for shares to sell short, and the ticks that it brings."""

PLENTY = 10_000_000
"""Of what the market lends without limit."""


def shortable_level(shares: int) -> str:
    """What tick 46 says of so many shares: 3 from a thousand on, 2 of fewer, 1 of none."""
    return "3.0" if shares >= 1_000 else "2.0" if shares else "1.0"


class Tick(NamedTuple):
    """A price with its size, or with ``price`` None a size alone."""

    tick_type: int
    price: Decimal | None
    size: int


@dataclass(slots=True)
class Subscription:
    """What one client asked for; ``told`` is the last value of each tick type."""

    symbol: str
    data_type: int
    told: dict[int, Tick] = field(default_factory=dict)

    @property
    def is_delayed(self) -> bool:
        return self.data_type in (DELAYED, DELAYED_FROZEN)

    def news(self, board: Board, at: datetime) -> list[Tick]:
        """The ticks whose values have changed since the last time."""
        changed = [one for one in self._ticks(board, at) if self.told.get(one.tick_type) != one]
        self.told.update({one.tick_type: one for one in changed})
        return changed

    def _ticks(self, board: Board, at: datetime) -> list[Tick]:
        ids = DELAYED_IDS if self.is_delayed else LIVE_IDS
        known = at - DELAY if self.is_delayed else at
        ticks = []
        quote = board.quote(self.symbol, known)
        if quote is not None:
            # An absent side is told as IBKR tells it: -1, and no size.
            ticks += [
                Tick(ids.bid, quote.bid if quote.bid > 0 else Decimal(-1), quote.bid_size),
                Tick(ids.ask, quote.ask if quote.ask > 0 else Decimal(-1), quote.ask_size),
            ]
        traded = board.traded(self.symbol, known)
        if traded is not None:
            ticks += [
                Tick(ids.last, traded.last, traded.size),
                Tick(ids.high, traded.high, 0),
                Tick(ids.low, traded.low, 0),
                Tick(ids.open, traded.open, 0),
                Tick(ids.volume, None, traded.volume),
            ]
        close = board.previous_close(self.symbol)
        if close is not None:
            ticks.append(Tick(ids.close, close, 0))
        return ticks


def data_type(asked: int, *, has_live: bool, is_open: bool) -> int | None:
    """The type of data that a client gets for the one it asked for; None for none at all.

    Who is subscribed gets live data whatever was asked, and frozen ones when the market is closed;
    who is not gets delayed ones where they were asked for.
    """
    if has_live:
        return FROZEN if asked in (FROZEN, DELAYED_FROZEN) and not is_open else LIVE
    if asked in (LIVE, FROZEN):
        return None
    return DELAYED_FROZEN if asked == DELAYED_FROZEN and not is_open else DELAYED
