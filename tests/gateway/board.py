"""What a terminal shows of a stock at a time: its quote, its last trade, its day."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket
from orderworks.market.tape import SymbolTape, dollars, instant, microseconds
from orderworks.model.quote import Quote


@dataclass(frozen=True, slots=True)
class Traded:
    """What has traded in the session so far; ``size`` is what the last second of trades came to."""

    last: Decimal
    size: int
    open: Decimal
    high: Decimal
    low: Decimal
    volume: int


class Board:
    """The market of one session, asked stock by stock."""

    def __init__(self, market: RecordedMarket, session: Session) -> None:
        self.market, self.session = market, session
        self._tapes: dict[str, SymbolTape] = {}
        self._closes: dict[str, Decimal] = {}

    def tape(self, symbol: str) -> SymbolTape:
        if symbol not in self._tapes:
            self._tapes[symbol] = self.market.arrays(symbol)
        return self._tapes[symbol]

    def quote(self, symbol: str, at: datetime) -> Quote | None:
        """The last quote that was known at a time, None before the first."""
        tape = self.tape(symbol)
        row = int(tape.quote_ts.searchsorted(microseconds(at), side="right")) - 1
        if row < 0:
            return None
        return Quote(
            symbol,
            instant(int(tape.quote_ts[row])),
            dollars(int(tape.bid[row])),
            dollars(int(tape.ask[row])),
            int(tape.bid_size[row]),
            int(tape.ask_size[row]),
        )

    def traded(self, symbol: str, at: datetime) -> Traded | None:
        """What has traded by a time, None where nothing has."""
        tape = self.tape(symbol)
        rows = int(tape.bar_ts.searchsorted(microseconds(at), side="right"))
        if not rows:
            return None
        return Traded(
            last=dollars(int(tape.close[rows - 1])),
            size=int(tape.volume[rows - 1]),
            open=dollars(int(tape.open[0])),
            high=dollars(int(tape.high[:rows].max())),
            low=dollars(int(tape.low[:rows].min())),
            volume=int(tape.volume[:rows].sum()),
        )

    def next_change(self, symbol: str, after: datetime) -> datetime | None:
        """When a stock is next quoted or trades, None where it is not any more."""
        tape, since = self.tape(symbol), microseconds(after)
        nexts = [
            int(times[row])
            for times in (tape.quote_ts, tape.bar_ts)
            if (row := int(times.searchsorted(since, side="right"))) < len(times)
        ]
        return instant(min(nexts)) if nexts else None

    def mark(self, symbol: str, at: datetime) -> Decimal | None:
        """What a share is worth: the mid, or without a quote the last trade."""
        quote = self.quote(symbol, at)
        if quote is not None and quote.bid > 0 and quote.ask > 0:
            return quote.mid
        traded = self.traded(symbol, at)
        return None if traded is None else traded.last

    def previous_close(self, symbol: str) -> Decimal | None:
        """The last close before the session, None where there is none."""
        if not self._closes:
            daily = self.market.daily_before(self.session.date)
            last = daily.groupby("symbol", sort=False)["close"].last()
            self._closes = {str(name): Decimal(str(close)) for name, close in last.items()}
        return self._closes.get(symbol)
