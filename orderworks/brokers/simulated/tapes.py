"""The tapes that the exchange trades along, and where each symbol stands at one moment."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderworks.brokers.simulated.matching.reel import Reel
from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket
from orderworks.market.tape import dollars, microseconds


@dataclass(frozen=True, slots=True)
class Standing:
    """A symbol at one moment: its mark, None before the first, and its volume.

    The mark is the mid of the last quote, and where there are only bars the last trade's price.
    """

    mark: Decimal | None
    volume: int


class Tapes:
    """The tape of every symbol, fetched when it is first asked for."""

    def __init__(self, market: RecordedMarket, session: Session) -> None:
        self._market = market
        self._session_open = microseconds(session.open)
        self._reels: dict[str, Reel] = {}
        self._at: datetime | None = None
        self._standings: dict[str, Standing] = {}

    def reel(self, symbol: str) -> Reel:
        """A symbol's tape."""
        if symbol not in self._reels:
            self._reels[symbol] = Reel(self._market.arrays(symbol), self._session_open)
        return self._reels[symbol]

    def standing(self, symbol: str, at: datetime) -> Standing:
        """Where the symbol stands; a whole batch of orders asks for the same moment."""
        if at != self._at:
            self._at = at
            self._standings.clear()
        if symbol not in self._standings:
            self._standings[symbol] = _standing(self.reel(symbol), microseconds(at))
        return self._standings[symbol]


def _standing(reel: Reel, at: int) -> Standing:
    volume = reel.volume(at)
    if not reel.is_quoted:
        last = reel.last_trade(at)
        return Standing(None if last is None else dollars(last), volume)
    bid, ask, _, _ = reel.quote(at)
    return Standing(dollars(bid + ask) / 2 if bid and ask else None, volume)
