"""One side of a book: its orders by price, and at one price by time."""

from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from dataclasses import dataclass, field
from heapq import heappop, heappush

from orderworks.brokers.simulated.matching.journal import Journal
from orderworks.brokers.simulated.matching.resting import Resting

MARKET_KEY = -(1 << 62)
"""The key of market orders: before any price."""


@dataclass(slots=True, eq=False)
class Level:
    """The orders at one price, by time.

    ``eaten`` counts what has traded here of the displayed queue. An order's ``queue`` is counted
    from its beginning, so that one addition moves everybody up. ``furthest`` is the furthest that
    any order's queue has reached.
    """

    limit: int | None
    eaten: int = 0
    furthest: int = 0
    orders: OrderedDict[int, Resting] = field(default_factory=OrderedDict)

    @property
    def last(self) -> Resting:
        return self.orders[next(reversed(self.orders))]

    def show(self, order: Resting, queue: int) -> None:
        """Tells an order what is ahead of it, counted from the queue's beginning."""
        order.queue = queue
        if queue > self.furthest:
            self.furthest = queue

    def ahead(self, order: Resting) -> int | None:
        """Displayed shares ahead of an order; None where none have been displayed yet."""
        return None if order.queue is None else max(0, order.queue - self.eaten)


class Ladder:
    """Orders of one side. Keys ascend from the order that trades first: market orders, then prices.

    A buy's key is its limit, negated.
    """

    __slots__ = ("_journal", "_unseen", "is_buy", "keys", "levels")

    def __init__(self, is_buy: bool, journal: Journal) -> None:
        self.is_buy = is_buy
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}
        self._journal = journal
        self._unseen: list[tuple[int, int]] = []

    def __bool__(self) -> bool:
        return bool(self.keys)

    @property
    def has_market_orders(self) -> bool:
        return bool(self.keys) and self.keys[0] == MARKET_KEY

    @property
    def best(self) -> int | None:
        """The price that comes first; None where nothing, or a market order, does."""
        return self.levels[self.keys[0]].limit if self.keys else None

    @property
    def unseen(self) -> int | None:
        """The best price at which orders wait to see what is displayed ahead of them."""
        if not self._unseen:
            return None
        key = self._unseen[0][0]
        return -key if self.is_buy else key

    def key(self, limit: int | None) -> int:
        if limit is None:
            return MARKET_KEY
        return -limit if self.is_buy else limit

    def add(self, order: Resting, displayed: int | None) -> None:
        """Puts an order behind those of its price.

        Args:
            displayed: what stands ahead of it in the market; None where that is not to be seen.
        """
        key = self.key(order.limit)
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = Level(order.limit)
            insort(self.keys, key)
        last = level.last if level.orders else None
        if order.limit is not None:
            if displayed is None:
                order.queue = None
                heappush(self._unseen, (key, order.number))
            else:
                # Whoever was here first stays first, and so does the queue ahead of him.
                before = 0 if last is None or last.queue is None else last.queue
                level.show(order, max(level.eaten + displayed, before))
        level.orders[order.number] = order
        order.level = level
        if last is not None and last.rank > order.rank:
            level.orders = OrderedDict(
                (one.number, one) for one in sorted(level.orders.values(), key=lambda one: one.rank)
            )

    def remove(self, order: Resting) -> None:
        """Takes an order out, if it is in; its queue is then what was left ahead of it."""
        level = order.level
        if level is None:
            return
        order.queue, order.level = level.ahead(order), None
        del level.orders[order.number]
        if not level.orders:
            key = self.key(level.limit)
            del self.levels[key]
            del self.keys[bisect_left(self.keys, key)]

    def see(self, touch: int, size: int) -> list[Resting]:
        """The market's own quote on this side: shows the queue to orders at it and before it."""
        seen = []
        at = self.key(touch)
        while self._unseen and self._unseen[0][0] <= at:
            key, number = heappop(self._unseen)
            level = self.levels.get(key)
            order = None if level is None else level.orders.get(number)
            if level is not None and order is not None and order.queue is None:
                level.show(order, level.eaten + (size if key == at else 0))
                seen.append(order)
        return seen

    def eat(self, level: Level, volume: int | None) -> None:
        """The market traded this much of the queue of a level; all of it where that is None."""
        if level.eaten < level.furthest:
            self._journal.moved[level] = None
        if volume is not None:
            level.eaten += volume
        elif level.orders:
            level.eaten = max(level.eaten, level.last.queue or 0)

    def reached(self, key: int) -> list[tuple[int, Level]]:
        """The levels up to a key, the best first; what is done to one leaves the others there."""
        if not self.keys or self.keys[0] > key:
            return []
        return [(one, self.levels[one]) for one in self.keys[: bisect_right(self.keys, key)]]
