"""The rules by which each symbol trades in one session: its halts, bands and price impact."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import numpy as np

from orderworks.brokers.simulated.matching.bands import Bands
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.brokers.simulated.matching.slippage import Impact, SquareRoot
from orderworks.brokers.simulated.tapes import Tapes
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket
from orderworks.market.tape import microseconds


class MarketRules:
    """The rules of every symbol."""

    def __init__(
        self, market: RecordedMarket, session: Session, tapes: Tapes, terms: Terms
    ) -> None:
        self._market = market
        self._session = session
        self._tapes = tapes
        self._terms = terms
        self._impacts: dict[str, Impact | None] = {}
        self._plain = Rules(
            participation_cap=terms.participation_cap,
            session_open=microseconds(session.open),
            session_close=microseconds(session.close),
        )
        """Of a symbol without halts, where neither bands nor an impact are modelled."""

    def learn(self, symbols: Iterable[str]) -> None:
        """Looks up what the slippage model has to know of symbols, all at once."""
        new = sorted({symbol for symbol in symbols if symbol not in self._impacts})
        if not new:
            return
        if not isinstance(self._terms.slippage, SquareRoot):
            self._impacts |= dict.fromkeys(new, self._terms.slippage)
        else:
            day = self._session.date
            volumes = self._market.average_daily_volume(new, day)
            volatilities = self._market.daily_volatility(new, day)
            for symbol in new:
                volume, volatility = float(volumes[symbol]), float(volatilities[symbol])
                is_known = volume > 0 and volatility >= 0
                self._impacts[symbol] = (
                    self._terms.slippage.of(Decimal(str(volatility)), Decimal(str(volume)))
                    if is_known
                    else None
                )

    def refusal(self, symbol: str) -> str | None:
        """Why the slippage model cannot price what trades in a symbol that was learned."""
        if self._terms.slippage is None or self._impacts[symbol] is not None:
            return None
        return f"square-root impact needs the daily volume and volatility of {symbol}, and there are none"

    def of(self, symbol: str) -> Rules:
        """The rules of a symbol."""
        if symbol not in self._impacts:
            self.learn([symbol])
        impact, halts = self._impacts[symbol], self._market.halts(symbol)
        if impact is None and not halts and not self._terms.price_bands:
            return self._plain
        return replace(
            self._plain,
            impact=impact,
            halts=[(microseconds(start), microseconds(end)) for start, end in halts],
            bands=self._bands(symbol) if self._terms.price_bands else None,
        )

    def _bands(self, symbol: str) -> Bands:
        ts, close = self._tapes.reel(symbol).closes
        counted = np.concatenate([[0], np.cumsum(close)])
        session = self._session
        return Bands(ts, counted, microseconds(session.open), microseconds(session.close))
