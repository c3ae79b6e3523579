"""Following the quotes of symbols, within the number of market data lines that an account has."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Container, Sequence
from datetime import datetime
from math import isnan
from time import monotonic

from ib_async import Ticker

from orderworks.brokers.ibkr.errors import sentence_of
from orderworks.brokers.ibkr.market.board import Board, Sides
from orderworks.brokers.ibkr.market.line import DataLine
from orderworks.brokers.ibkr.market.listings import Listings
from orderworks.brokers.ibkr.market.shortable import SHORTABLE, may_be_shorted
from orderworks.brokers.ibkr.wire import ErrorSaid, ListeningIB

log = logging.getLogger(__name__)

LIVE, DELAYED = 1, 3
"""Market data types: what is asked for."""

KINDS = {1: "live", 2: "frozen", 3: "delayed", 4: "delayed and frozen"}

LOOK_SECONDS = 0.02
"""Between two looks for first quotes."""

TICKS_LOST = 1101
"""The code that says that what was followed is not followed any more."""

Question = Callable[[ListeningIB], Awaitable[None]]


class Following:
    """Which symbols are followed; those asked for longest ago give way to others.

    Args:
        lines: how many are followed at once.
        first_seconds: how long the first quotes of new ones are waited for.
        allow_delayed: whether quotes that are not live may be priced from.
    """

    def __init__(
        self,
        line: DataLine,
        listings: Listings,
        board: Board,
        now: Callable[[], datetime],
        *,
        lines: int,
        first_seconds: float,
        allow_delayed: bool,
    ) -> None:
        self._line, self._listings, self._board = line, listings, board
        self._now = now
        self._lines = lines
        self._first_seconds = first_seconds
        self._allow_delayed = allow_delayed
        self._tickers: OrderedDict[str, Ticker] = OrderedDict()
        self._symbol_of: dict[int, str] = {}
        self._refused: set[str] = set()
        self._told: set[str] = set()
        self._made_over = 0

    def hear(self, said: ErrorSaid) -> None:
        """An error or a notice of the gateway's."""
        if said.code == TICKS_LOST:
            self._made_over = 0
        symbol = self._symbol_of.get(said.order_id)
        if symbol is not None:
            self._refuse(symbol, sentence_of(said.code, said.text))

    async def follow(self, symbols: Sequence[str]) -> None:
        """Afterwards each symbol has been followed until its first quote, or for long enough."""
        if not await self._line.ready():
            return
        if self._made_over != self._line.opened:
            self._tickers.clear()
            self._symbol_of.clear()
            self._refused.clear()
            self._made_over = self._line.opened
            await self._line.ask("its market data", self._choose_type)
        wanted = [one for one in dict.fromkeys(symbols) if one in self._listings.found]
        for start in range(0, len(wanted), self._lines):
            part = wanted[start : start + self._lines]
            await self._subscribe(part)
            await self._wait_for_quotes(part)

    async def shortable(self, symbols: Sequence[str], known: Container[str]) -> dict[str, bool]:
        """Of symbols that are followed, which may be sold short, as far as it is told.

        Args:
            known: those that nothing need be waited for.
        """
        followed = {one: self._tickers[one] for one in symbols if one in self._tickers}
        give_up = monotonic() + self._first_seconds
        while True:
            told = {s: may_be_shorted(t.shortable, t.shortableShares) for s, t in followed.items()}
            waits = [s for s, may in told.items() if may is None and s not in self._refused]
            if all(one in known for one in waits) or monotonic() >= give_up:
                return {symbol: may for symbol, may in told.items() if may is not None}
            await asyncio.sleep(LOOK_SECONDS)

    async def _subscribe(self, symbols: Sequence[str]) -> None:
        for symbol in symbols:
            if symbol in self._tickers:
                self._tickers.move_to_end(symbol)
        for symbol in symbols:
            if symbol in self._tickers:
                continue
            while len(self._tickers) >= self._lines:
                oldest = next(iter(self._tickers))
                self._tickers.pop(oldest)
                await self._line.ask(f"no more of {oldest}", self._leaving(oldest))
            await self._line.ask(f"the quotes of {symbol}", self._entering(symbol))

    async def _wait_for_quotes(self, symbols: Sequence[str]) -> None:
        """Until each has one that was heard since it is followed, or cannot have one."""
        give_up = monotonic() + self._first_seconds
        while monotonic() < give_up:
            if all(one in self._refused or _sides(self._tickers[one]) for one in symbols):
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _entering(self, symbol: str) -> Question:
        async def enter(ib: ListeningIB) -> None:
            contract = self._listings.found[symbol].contract
            # One that was followed before would show what it was then.
            ib.wrapper.tickers.pop(hash(contract), None)
            ticker = ib.reqMktData(contract, SHORTABLE)
            number = ib.wrapper.ticker2ReqId["mktData"].get(ticker)
            if number is not None:
                self._symbol_of[number] = symbol
            self._tickers[symbol] = ticker
            ticker.updateEvent += lambda told: self._hear_tick(symbol, told)

        return enter

    def _leaving(self, symbol: str) -> Question:
        async def leave(ib: ListeningIB) -> None:
            ib.cancelMktData(self._listings.found[symbol].contract)

        return leave

    async def _choose_type(self, ib: ListeningIB) -> None:
        ib.reqMarketDataType(DELAYED if self._allow_delayed else LIVE)

    def _hear_tick(self, symbol: str, ticker: Ticker) -> None:
        if self._tickers.get(symbol) is not ticker:
            return
        if ticker.marketDataType != LIVE and not self._allow_delayed:
            kind = KINDS.get(ticker.marketDataType, str(ticker.marketDataType))
            self._refuse(symbol, f"they are {kind}, and only live ones are priced from")
            return
        sides = _sides(ticker)
        if sides is not None:
            self._board.hear(symbol, sides, self._now())

    def _refuse(self, symbol: str, why: str) -> None:
        self._refused.add(symbol)
        self._board.forget(symbol)
        if symbol not in self._told:
            self._told.add(symbol)
            log.warning("no quotes of %s from %s: %s", symbol, self._line.where, why)


def _sides(ticker: Ticker) -> Sides | None:
    """The quote of a ticker, once both of its sides were told; an absent side is 0."""
    told = (ticker.bid, ticker.ask, ticker.bidSize, ticker.askSize)
    if isnan(ticker.bid) or isnan(ticker.ask):
        return None
    return Sides(*(float(one) if one > 0 else 0.0 for one in told))
