"""Which stock a symbol is at Interactive Brokers, and on which grids its orders lie: asked once a day."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial

from ib_async import Contract, ContractDetails, PriceIncrement

from orderworks.brokers.ibkr.amounts import to_decimal
from orderworks.brokers.ibkr.contracts import STOCK, stock
from orderworks.brokers.ibkr.listed import Listed
from orderworks.brokers.ibkr.market.kept import KeptContracts
from orderworks.brokers.ibkr.market.line import DataLine
from orderworks.brokers.ibkr.price_grid import PriceGrid
from orderworks.brokers.ibkr.wire import ListeningIB

AT_ONCE = 40
"""Symbols that are asked for together, below what a gateway takes in a second."""

EXCHANGE = "SMART"
NO_RULE = -1


class Listings:
    """The stocks that were looked up, and why others could not be found.


    Args:
        kept: what other runs have asked; None where nothing is kept.
    """

    def __init__(self, line: DataLine, kept: KeptContracts | None) -> None:
        self._line, self._kept = line, kept
        self.found: dict[str, Listed] = {}
        self.doubtful: dict[str, str] = {}
        self.shortable: dict[str, bool] = {}
        """Of those that it was told of, whether they may be sold short."""
        self._rules: dict[int, list[PriceIncrement]] = {}

    async def look_up(self, symbols: Iterable[str]) -> None:
        """Afterwards each symbol is among those found, or among the doubtful.

        Raises:
            Unanswered, Disconnected: those not answered are in neither.
        """
        new = self._new(symbols)
        if new and self._kept is not None:
            found, shortable = self._kept.read(new)
            self.found |= found
            self.shortable = shortable | self.shortable
            new = self._new(new)
        for start in range(0, len(new), AT_ONCE):
            part = new[start : start + AT_ONCE]
            answers = await self._line.ask(
                "its contracts", partial(self._ask, part), paces_itself=True
            )
            chosen = {}
            for symbol, answer in zip(part, answers, strict=True):
                candidates = [(one.contract, one) for one in answer if one.contract is not None]
                if len(candidates) == 1:
                    chosen[symbol] = candidates[0]
                else:
                    self.doubtful[symbol] = doubt([contract for contract, _ in candidates])
            await self._learn_rules(details for _, details in chosen.values())
            listed = {symbol: self._listed(symbol, *one) for symbol, one in chosen.items()}
            if listed and self._kept is not None:
                self._kept.keep(listed.values())
            self.found |= listed

    def learn_shortable(self, told: Mapping[str, bool]) -> None:
        """Minds, and keeps, whether stocks that were found may be sold short."""
        news = {s: may for s, may in told.items() if self.shortable.get(s) is not may}
        if news and self._kept is not None:
            self._kept.keep_shortable(news)
        self.shortable |= news

    def _new(self, symbols: Iterable[str]) -> list[str]:
        known = self.found.keys() | self.doubtful.keys()
        return [one for one in dict.fromkeys(symbols) if one not in known]

    async def _ask(self, symbols: Sequence[str], ib: ListeningIB) -> list[list[ContractDetails]]:
        return list(await asyncio.gather(*(self._ask_for(symbol, ib) for symbol in symbols)))

    async def _ask_for(self, symbol: str, ib: ListeningIB) -> list[ContractDetails]:
        await self._line.pace.take()
        return await ib.reqContractDetailsAsync(stock(symbol))

    async def _learn_rules(self, chosen: Iterable[ContractDetails]) -> None:
        for number in sorted({_rule_of(one) for one in chosen} - self._rules.keys()):
            question = partial(_ask_rule, number)
            self._rules[number] = await self._line.ask(f"market rule {number}", question)

    def _listed(self, symbol: str, contract: Contract, details: ContractDetails) -> Listed:
        steps = self._rules.get(_rule_of(details), [])
        grid = {to_decimal(one.lowEdge): to_decimal(one.increment) for one in steps}
        return Listed(
            symbol,
            contract.conId,
            contract.primaryExchange,
            PriceGrid.of(grid or {Decimal(0): to_decimal(details.minTick)}),
            to_decimal(details.sizeIncrement),
        )


async def _ask_rule(number: int, ib: ListeningIB) -> list[PriceIncrement]:
    return [] if number == NO_RULE else list(await ib.reqMarketRuleAsync(number) or [])


def _rule_of(details: ContractDetails) -> int:
    """The market rule that holds where orders are sent."""
    exchanges = details.validExchanges.split(",")
    numbers = details.marketRuleIds.split(",")
    number = dict(zip(exchanges, numbers, strict=False)).get(EXCHANGE, "")
    return int(number) if number.isdigit() else NO_RULE


def doubt(candidates: Sequence[Contract]) -> str:
    """Why a symbol that these contracts answer to is not traded: there must be exactly one."""
    if not candidates:
        return "the broker knows no US stock of this name"
    where = ", ".join(
        f"{one.localSymbol} at {one.primaryExchange}" for one in candidates if one.secType == STOCK
    )
    return f"the broker has {len(candidates)} stocks of this name: {where}"
