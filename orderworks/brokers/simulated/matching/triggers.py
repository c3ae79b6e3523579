"""Stops that wait for the market to trade at their price, and trailing stops, which follow it."""

from collections.abc import Callable
from heapq import heappop, heappush

from orderworks.brokers.simulated.matching.event import Event
from orderworks.brokers.simulated.matching.resting import Resting

_Entry = tuple[int, int, int, Resting]
"""What it is sorted by, twice; the trigger price; whose it is."""


class Triggers:
    """The stops of one book, by trigger price: those that a rise comes to, those that a fall does.

    Only trades trigger: neither a quote nor an order of our own does.
    """

    __slots__ = ("_falling", "_rising", "_trailing")

    def __init__(self) -> None:
        self._rising: list[_Entry] = []
        self._falling: list[_Entry] = []
        self._trailing: dict[int, Resting] = {}

    def __bool__(self) -> bool:
        return bool(self._rising or self._falling)

    def add(self, order: Resting) -> None:
        """Takes a stop in; a trailing one with no trade to follow yet waits for the first."""
        if order.trails:
            self._trailing[order.number] = order
        if order.stop is not None:
            self._push(order, order.stop)

    def remove(self, order: Resting) -> None:
        self._trailing.pop(order.number, None)

    @property
    def is_following(self) -> bool:
        """Whether a trade may move a stop."""
        return bool(self._trailing)

    @property
    def follows_the_first_trade(self) -> bool:
        """Whether a trailing stop has seen no trade yet, so that the next moves it."""
        return any(order.watermark is None for order in self._trailing.values())

    @property
    def rising(self) -> int | None:
        """The price that a rise comes to first: a trigger, or one beyond a watermark."""
        marks = [
            one.watermark + 1
            for one in self._trailing.values()
            if one.watermark is not None and not one.is_buy
        ]
        return _nearest(min, _first(self._rising), marks)

    @property
    def falling(self) -> int | None:
        """The same of a fall."""
        marks = [
            one.watermark - 1
            for one in self._trailing.values()
            if one.watermark is not None and one.is_buy
        ]
        return _nearest(max, _first(self._falling), marks)

    def hit(self, event: Event) -> list[Resting]:
        """Takes out the stops that the trades of an event trigger; by trigger, then by time."""
        hit: dict[int, Resting] = {}
        for heap, furthest in ((self._rising, event.high), (self._falling, -event.low)):
            too_new = []
            found = []
            while heap and heap[0][0] <= furthest:
                entry = heappop(heap)
                key, _, stop, order = entry
                if not _waits_at(order, stop):
                    continue
                if order.may_trade(event.admits, event.ts):
                    found.append((key, order.rank, order))
                else:
                    too_new.append(entry)
            for entry in too_new:
                heappush(heap, entry)
            found.sort(key=lambda one: one[:2])
            hit |= {order.number: order for _, _, order in found}
        for number in hit:
            self._trailing.pop(number, None)
        return list(hit.values())

    def follow(self, event: Event) -> list[Resting]:
        """Moves the watermarks by the trades of an event; returns the stops that moved.

        A bar does not tell whether its high or its low came first, so what it triggers is
        decided by the stops as they were before it.
        """
        moved = []
        for order in self._trailing.values():
            if order.arrived > event.admits:
                continue
            furthest = event.low if order.is_buy else event.high
            if order.watermark is not None and not _is_better(order, furthest):
                continue
            order.watermark, before = furthest, order.stop
            tighten(order)
            if order.stop is not None and order.stop != before:
                self._push(order, order.stop)
            moved.append(order)
        return moved

    def _push(self, order: Resting, stop: int) -> None:
        if order.is_buy:
            heappush(self._rising, (stop, order.number, stop, order))
        else:
            heappush(self._falling, (-stop, order.number, stop, order))


def tighten(order: Resting) -> None:
    """Puts a trailing stop at its distance from the watermark, unless it is nearer already."""
    if order.watermark is None:
        return
    distance = order.trail
    if distance is None:
        distance = int(order.watermark * (order.trail_percent or 0))
    if order.is_buy:
        stop = order.watermark + distance
        order.stop = stop if order.stop is None else min(order.stop, stop)
    else:
        stop = order.watermark - distance
        order.stop = stop if order.stop is None else max(order.stop, stop)


def _first(heap: list[_Entry]) -> int | None:
    while heap and not _waits_at(heap[0][3], heap[0][2]):
        heappop(heap)
    return heap[0][2] if heap else None


def _nearest(
    nearest: Callable[[list[int]], int], trigger: int | None, marks: list[int]
) -> int | None:
    prices = marks if trigger is None else [*marks, trigger]
    return nearest(prices) if prices else None


def _waits_at(order: Resting, stop: int) -> bool:
    """Whether an entry of a heap is the order as it is now."""
    return not order.ended and not order.triggered and order.stop == stop


def _is_better(order: Resting, price: int) -> bool:
    watermark = order.watermark or 0
    return price < watermark if order.is_buy else price > watermark
