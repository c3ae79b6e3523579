"""What can be traded: the contracts of the market's symbols, as IBKR describes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from .errors import Refused
from .layouts import Values

EXCHANGES = ("SMART", "NYSE", "NASDAQ", "ARCA", "BATS", "IEX", "BYX")
RULES = (26, 26, 26, 26, 26, 26, 32)
"""The market rule of each exchange: one of them is coarser than the rest."""

MARKET_RULES: dict[int, tuple[tuple[str, str], ...]] = {
    26: (("0.0", "0.0001"), ("1.0", "0.01")),
    32: (("0.0", "0.01"), ("1.0", "0.05")),
}
"""Of each rule, from which price on which increment holds."""

ORDER_TYPES = "ACTIVETIM,ADJUST,ALGO,DAY,FOK,GTC,GTD,IOC,LMT,LOC,MIDPX,MKT,MOC,OPG,STP,STPLMT,TRAIL"
CURRENCY, FOREIGN = "USD", "MXN"
ZONE = "US/Eastern"


@dataclass(frozen=True, slots=True)
class Listed:
    """A stock in one currency; ``market_symbol`` is its name in the market data."""

    market_symbol: str
    currency: str = CURRENCY

    @property
    def symbol(self) -> str:
        """IBKR's symbol: classes of shares stand behind a space."""
        return self.market_symbol.replace(".", " ")

    @property
    def con_id(self) -> int:
        return 10_000 + crc32(f"{self.market_symbol}:{self.currency}".encode()) % 900_000_000

    @property
    def primary_exchange(self) -> str:
        return "NASDAQ" if self.currency == CURRENCY else "MEXI"

    @property
    def exchanges(self) -> tuple[str, ...]:
        return EXCHANGES if self.currency == CURRENCY else ("SMART", "MEXI")

    def shown(self, exchange: str = "SMART") -> Values:
        """The contract as answers show it."""
        return {
            "conId": self.con_id,
            "symbol": self.symbol,
            "secType": "STK",
            "strike": "0.0",
            "exchange": exchange,
            "primaryExchange": self.primary_exchange,
            "currency": self.currency,
            "localSymbol": self.symbol,
            "tradingClass": "NMS",
        }

    def details(self, exchange: str, trading_hours: str) -> Values:
        """Everything about the contract."""
        return self.shown(exchange) | {
            "marketName": "NMS",
            "minTick": "0.0001",
            "mdSizeMultiplier": 1,
            "orderTypes": ORDER_TYPES,
            "validExchanges": ",".join(self.exchanges),
            "priceMagnifier": 1,
            "underConId": 0,
            "longName": f"{self.symbol} CORP",
            "timeZoneId": ZONE,
            "tradingHours": trading_hours,
            "liquidHours": trading_hours,
            "evMultiplier": 0,
            "aggGroup": 1,
            "marketRuleIds": ",".join(map(str, RULES[: len(self.exchanges)])),
            "stockType": "COMMON",
            "minSize": "1",
            "sizeIncrement": "1",
            "suggestedSizeIncrement": "100",
        }


class Contracts:
    """The contracts of a market: each symbol is listed in New York, and abroad in another currency."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self._listed = [Listed(symbol) for symbol in sorted(symbols)]
        self._abroad = [Listed(one.market_symbol, FOREIGN) for one in self._listed]

    def matching(self, asked: Values) -> list[Listed]:
        """The contracts that a description fits: several where it is ambiguous.

        Raises:
            Refused: 200, where there is none.
        """
        con_id = int(asked["conId"] or 0)
        found = [
            one
            for one in (*self._listed, *self._abroad)
            if (not con_id or one.con_id == con_id)
            and (con_id or asked["symbol"] or asked["localSymbol"])
            and asked["symbol"] in ("", one.symbol)
            and asked["localSymbol"] in ("", one.symbol)
            and asked["secType"] in ("", "STK")
            and asked["currency"] in ("", one.currency)
            and asked["exchange"] in ("", *one.exchanges)
            and asked["primaryExchange"] in ("", *one.exchanges)
        ]
        if not found:
            raise Refused(200)
        return found

    def one(self, asked: Values) -> Listed:
        """The contract of a description, of which the exchange trades those in dollars.

        Raises:
            Refused: 200, where there is none or more than one.
        """
        found = self.matching(asked)
        if len(found) > 1 or found[0].currency != CURRENCY:
            raise Refused(200)
        return found[0]

    def named_like(self, pattern: str) -> list[Listed]:
        """The contracts whose symbol begins with a pattern."""
        return [one for one in self._listed if one.symbol.startswith(pattern.upper())]
