"""The tapes that the exchange trades along, and the mark of each symbol at one moment."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from orderworks.brokers.simulated.matching.reel import Reel
from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket
from orderworks.market.tape import dollars, microseconds


class Marks(dict[str, Decimal | None]):
    """The mark of each symbol at one moment, None before its first; worked out when asked for.

    It is the mid of the last quote, and where there are only bars the last trade's price.
    """

    def __init__(self, reel: Callable[[str], Reel], at: int) -> None:
        self._reel = reel
        self._at = at

    def __missing__(self, symbol: str) -> Decimal | None:
        self[symbol] = mark = _mark(self._reel(symbol), self._at)
        return mark


class Tapes:
    """The tape of every symbol, fetched when it is first asked for."""

    def __init__(self, market: RecordedMarket, session: Session) -> None:
        self._market = market
        self._session_open = microseconds(session.open)
        self._reels: dict[str, Reel] = {}
        self._marked_at: datetime | None = None
        self._marks = Marks(self.reel, self._session_open)

    def reel(self, symbol: str) -> Reel:
        """A symbol's tape."""
        reel = self._reels.get(symbol)
        if reel is None:
            reel = self._reels[symbol] = Reel(self._market.arrays(symbol), self._session_open)
        return reel

    def marks(self, at: datetime) -> Marks:
        """The marks at a moment; one batch after another asks for the same."""
        if at != self._marked_at:
            self._marked_at, self._marks = at, Marks(self.reel, microseconds(at))
        return self._marks


def _mark(reel: Reel, at: int) -> Decimal | None:
    if not reel.is_quoted:
        last = reel.last_trade(at)
        return None if last is None else dollars(last)
    bid, ask, _, _ = reel.quote(at)
    return dollars(bid + ask) / 2 if bid and ask else None
