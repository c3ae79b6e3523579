"""The tapes that the exchange trades along, and where each symbol stands at one moment."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderworks.brokers.simulated.matching import MatchingTape, volume_until
from orderworks.market.data import RecordedMarket
from orderworks.market.tape import SymbolTape, dollars, microseconds


@dataclass(frozen=True, slots=True)
class Standing:
    """A symbol at one moment: the mid of its last quote, None before the first, and its volume."""

    mark: Decimal | None
    volume: int


class Tapes:
    """The tape of every symbol, fetched when it is first asked for."""

    def __init__(self, market: RecordedMarket) -> None:
        self._market = market
        self._tapes: dict[str, SymbolTape] = {}
        self._at: datetime | None = None
        self._standings: dict[str, Standing] = {}

    def between(self, symbol: str, after: datetime, until: datetime) -> MatchingTape:
        """What happened in the symbol with after < ts <= until."""
        return MatchingTape.merge(self._tape(symbol), microseconds(after), microseconds(until))

    def standing(self, symbol: str, at: datetime) -> Standing:
        """Where the symbol stands; a whole batch of orders asks for the same moment."""
        if at != self._at:
            self._at = at
            self._standings.clear()
        if symbol not in self._standings:
            self._standings[symbol] = _standing(self._tape(symbol), microseconds(at))
        return self._standings[symbol]

    def _tape(self, symbol: str) -> SymbolTape:
        if symbol not in self._tapes:
            self._tapes[symbol] = self._market.arrays(symbol)
        return self._tapes[symbol]


def _standing(tape: SymbolTape, at: int) -> Standing:
    row = int(tape.quote_ts.searchsorted(at, side="right")) - 1
    bid, ask = (int(tape.bid[row]), int(tape.ask[row])) if row >= 0 else (0, 0)
    return Standing(dollars(bid + ask) / 2 if bid and ask else None, volume_until(tape, at))
