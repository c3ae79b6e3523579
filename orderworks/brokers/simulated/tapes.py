"""The tapes that the exchange trades along, and what a share is worth at one moment."""

from decimal import Decimal
from typing import NamedTuple

from orderworks.brokers.simulated.matching.reel import Reel
from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket
from orderworks.market.tape import dollars, microseconds


class Mark(NamedTuple):
    """What a share is worth, None where that is not known, and until when that stands.

    It is the mid of the last quote, and where there are only bars the last trade's price.
    """

    price: Decimal | None
    until: int


class Tapes:
    """The tape of every symbol, fetched when it is first asked for."""

    def __init__(self, market: RecordedMarket, session: Session) -> None:
        self._market = market
        self._session_open = microseconds(session.open)
        self._reels: dict[str, Reel] = {}
        self._marks: dict[str, tuple[int, Mark]] = {}

    def reel(self, symbol: str) -> Reel:
        """A symbol's tape."""
        reel = self._reels.get(symbol)
        if reel is None:
            reel = self._reels[symbol] = Reel(self._market.arrays(symbol), self._session_open)
        return reel

    def mark(self, symbol: str, at: int) -> Mark:
        """What a share is worth at a time of the tape."""
        since, known = self._marks.get(symbol, (at, None))
        if known is None or not since <= at < known.until:
            known = _mark(self.reel(symbol), at)
            self._marks[symbol] = at, known
        return known


def _mark(reel: Reel, at: int) -> Mark:
    until = reel.next_change(at)
    if not reel.is_quoted:
        last = reel.last_trade(at)
        return Mark(None if last is None else dollars(last), until)
    bid, ask, _, _ = reel.quote(at)
    return Mark(dollars(bid + ask) / 2 if bid and ask else None, until)
