"""The books of all symbols: orders as the exchange has them, turned into orders that match."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from orderworks.brokers.simulated.account import ExchangeOrder
from orderworks.brokers.simulated.matching.book import Book
from orderworks.brokers.simulated.matching.journal import Journal
from orderworks.brokers.simulated.matching.resting import Auction, Happening, Resting
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.brokers.simulated.tapes import Tapes
from orderworks.market.tape import UNITS_PER_DOLLAR, dollars, instant, microseconds
from orderworks.model.order import Side, TimeInForce

AUCTION_OF: dict[str, Auction] = {
    TimeInForce.OPG: Auction.OPENING,
    TimeInForce.CLS: Auction.CLOSING,
}
OUTLASTING = frozenset({TimeInForce.GTC, TimeInForce.GTD})
# Looked up once: they are asked of every order, and a member of an enum is slow to find.
AT_ONCE, AT_ONCE_AND_WHOLE, BUY = TimeInForce.IOC, TimeInForce.FOK, Side.BUY


class Books:
    """One book a symbol, made when it is first needed.

    Args:
        tapes: what the books go along.
        rules: the rules of a symbol.
        reached: up to when the market has been gone through.
        related: the orders, open or ended, that share a pool with one: its entry, the other exits
            of that, and the orders of its group.
    """

    def __init__(
        self,
        tapes: Tapes,
        rules: Callable[[str], Rules],
        reached: datetime,
        related: Callable[[Sequence[ExchangeOrder]], Iterable[ExchangeOrder]],
    ) -> None:
        self._tapes = tapes
        self._rules = rules
        self._reached = microseconds(reached)
        self._related = related
        self._books: dict[str, Book] = {}
        self._busy: dict[str, Book] = {}
        """The books with open orders; the others have nothing to be gone through for."""
        self._lagging: list[str] = []
        """Of these, the symbols of those that have not come to ``reached``, the next one last."""
        self._journal = Journal()

    def restore(self, orders: Sequence[ExchangeOrder]) -> None:
        """Takes in orders that were open before; what can never fill any more then ends."""
        for book, resting in self._matchable(orders):
            book.restore(resting)
        for book in self._books.values():
            book.settle(self._reached)

    def receive(self, orders: Sequence[ExchangeOrder]) -> None:
        """Takes in orders that have just arrived."""
        placed = self._matchable(orders)
        for book, resting in placed:
            book.add(resting)
        for book, _ in placed:
            book.settle(self._reached)

    def of(self, symbol: str) -> Book:
        """The book of a symbol, which has come as far as the others."""
        book = self._books.get(symbol)
        if book is None:
            book = Book(self._tapes.reel(symbol), self._rules(symbol), self._reached, self._journal)
            self._books[symbol] = book
        elif book.reached < self._reached:
            book.walk(self._reached)
        return book

    def set_out(self, until: datetime) -> None:
        """Turns to a later time, to which the books then walk."""
        self._reached = microseconds(until)
        self._lagging = sorted(self._busy, reverse=True)

    def walk(self, enough: int | None = None) -> str | None:
        """Goes on in one book after another, by symbol, until all have come or enough has happened.

        Returns:
            The symbol behind which the books still lag; None where all have come.
        """
        symbol = None
        happened = self._journal.happened
        while self._lagging and (enough is None or len(happened) < enough):
            symbol = self._lagging.pop()
            book = self._busy[symbol]
            book.walk(self._reached)
            if not book.orders:
                del self._busy[symbol]
        return symbol if self._lagging else None

    def take_happened(self) -> list[Happening]:
        """What has happened since this was last asked, by time, then by order."""
        happened = self._journal.take_happened()
        happened.sort(key=attrgetter("ts", "number"))
        return happened

    def write_places(self, orders: Mapping[int, ExchangeOrder]) -> list[ExchangeOrder]:
        """Writes where orders have come to into the exchange's; returns those that have moved."""
        return [
            orders[resting.number]
            for resting in self._journal.take_changed()
            if _write_place(resting, orders[resting.number])
        ]

    def _matchable(self, orders: Sequence[ExchangeOrder]) -> list[tuple[Book, Resting]]:
        """Orders as they match, in their pools, with their books, by time priority."""
        new = {order.number: _as_resting(order) for order in orders}
        pooled = [order for order in orders if order.pool_key is not None]
        if pooled:
            self._open_pools(pooled, new)
        for order in pooled:
            pool = self.of(order.symbol).pool(order.pool_key)
            if pool is not None:
                pool.join(new[order.number])
        placed = []
        for order in orders:
            self._busy[order.symbol] = book = self.of(order.symbol)
            placed.append((book, new[order.number]))
        placed.sort(key=lambda one: one[1].rank)
        return placed

    def _open_pools(self, orders: Sequence[ExchangeOrder], new: Mapping[int, Resting]) -> None:
        """Opens the pools that are missing, with what other orders have filled of them already."""
        missing = [one for one in orders if self.of(one.symbol).pool(one.pool_key) is None]
        if not missing:
            return
        related = {order.number: order for order in [*self._related(missing), *missing]}
        for order in missing:
            book, key = self.of(order.symbol), order.pool_key
            if key is None or book.pool(key) is not None:
                continue
            entry = None
            if order.entry is not None:
                ended = _as_resting(related[order.entry])
                ended.ended = True
                entry = new.get(order.entry) or book.orders.get(order.entry) or ended
            pool = book.open_pool(key, entry)
            for leg in related.values():
                if leg.pool_key == key:
                    pool.remember(leg.number, leg.quantity + leg.split_gain, leg.closable)


def _as_resting(order: ExchangeOrder) -> Resting:
    tif = order.tif
    return Resting(
        number=order.number,
        is_buy=order.side is BUY,
        quantity=order.quantity,
        limit=price_units(order.limit_price),
        arrived=microseconds(order.arrived_at or order.received_at),
        volume_at_arrival=order.volume_at_arrival,
        filled=order.filled_quantity,
        split_gain=order.split_gain,
        until=None if order.good_till is None else microseconds(order.good_till),
        immediate=tif == AT_ONCE,
        whole=tif == AT_ONCE_AND_WHOLE,
        outlasts_session=tif in OUTLASTING,
        auction=AUCTION_OF.get(tif),
        stop=price_units(order.stop_price),
        triggered=order.triggered,
        trail=price_units(order.trail_amount),
        trail_percent=order.trail_percent,
        watermark=price_units(order.watermark),
        queue=order.queue_ahead,
    )


KEPT_BY_BOOK = (
    "quantity",
    "stop_price",
    "arrived_at",
    "volume_at_arrival",
    "triggered",
    "watermark",
    "queue_ahead",
)
"""What the matching engine keeps of an order."""
_place = attrgetter(*KEPT_BY_BOOK)


def _write_place(resting: Resting, order: ExchangeOrder) -> bool:
    """Writes what the matching engine keeps of an order; returns whether that has changed."""
    place = (
        resting.quantity,
        _dollars(resting.stop, order.stop_price),
        instant(resting.arrived),
        resting.volume_at_arrival,
        resting.triggered,
        _dollars(resting.watermark, order.watermark),
        resting.queue_ahead,
    )
    if place == _place(order):
        return False
    for name, value in zip(KEPT_BY_BOOK, place, strict=True):
        setattr(order, name, value)
    return True


def price_units(price: Decimal | None) -> int | None:
    """A price in ten-thousandths of a dollar."""
    return None if price is None else int(price * UNITS_PER_DOLLAR)


def _dollars(units: int | None, before: Decimal | None) -> Decimal | None:
    """The price, written as it was where it is the same."""
    if units is None or units == price_units(before):
        return before
    return dollars(units)
