"""The open orders of one symbol: how they come, change and go, and where each waits."""

from heapq import heappush

from orderworks.brokers.simulated.matching.executing import Executor
from orderworks.brokers.simulated.matching.journal import Journal
from orderworks.brokers.simulated.matching.ladder import Ladder
from orderworks.brokers.simulated.matching.pools import Pool, PoolKey
from orderworks.brokers.simulated.matching.reel import Reel
from orderworks.brokers.simulated.matching.resting import Auction, Ending, Execution, Resting
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.brokers.simulated.matching.triggers import Triggers, tighten
from orderworks.model.state import OrderState

IMMEDIATE = 1_000_000
"""How long an immediate order has where there are quotes: the tape tells them by the second."""


class OpenOrders:
    """The open orders of one symbol.

    Args:
        reel: the symbol's tape.
        rules: of the symbol, in the session.
        journal: is told what happens to them.
    """

    def __init__(self, reel: Reel, rules: Rules, journal: Journal) -> None:
        self.orders: dict[int, Resting] = {}
        self._reel = reel
        self._rules = rules
        self.journal = journal
        self._buys, self._sells = Ladder(True, journal), Ladder(False, journal)
        self._triggers = Triggers()
        self._auctions: dict[Auction, dict[int, Resting]] = {}
        self._immediate: dict[int, Resting] = {}
        self._timed: list[tuple[int, int]] = []
        self._pools: dict[PoolKey, Pool] = {}
        self._waiting: set[int] = set()
        self._unsettled: list[Pool] = []
        self._executor = Executor(rules, self._on_fill)
        self._waits_for_more = True
        """Whether some order waits for a price that was of no interest before."""

    def add(self, order: Resting) -> None:
        """Takes in an order that has just arrived; once all are in, their pools are settled."""
        self._keep(order)
        if order.waits_for_entry:
            self._waiting.add(order.number)
        else:
            self._place(order)
        if order.pool is not None:
            self._unsettled.append(order.pool)
        if order.auction is Auction.OPENING and self._opening_is_over(order.arrived):
            self._end(order, order.arrived, OrderState.EXPIRED, order.auction.missed)

    def restore(self, order: Resting) -> None:
        """Takes in an order that was open before, as it was. Orders come by their rank."""
        self._keep(order)
        if order.waits_for_entry:
            self._waiting.add(order.number)
        elif order.auction is not None:
            self._auctions.setdefault(order.auction, {})[order.number] = order
        elif order.waits_for_trigger:
            self._triggers.add(order)
        else:
            known = order.queue is not None
            displayed = order.queue if known else self._displayed_ahead(order)
            self._ladder(order).add(order, displayed)

    def pool(self, key: PoolKey | None) -> Pool | None:
        """The pool of a group, or of an entry's exits, that has been opened."""
        return None if key is None else self._pools.get(key)

    def open_pool(self, key: PoolKey, entry: Resting | None) -> Pool:
        """Opens a pool, to be joined by orders before they are added."""
        self._pools[key] = pool = Pool(entry)
        self._unsettled.append(pool)
        return pool

    def settle(self, ts: int) -> None:
        """Wakes the exits of what has filled, and ends what can never fill any more."""
        while self._unsettled:
            pool = self._unsettled.pop()
            reason = pool.reason_to_end()
            for order in sorted(pool.members.values(), key=lambda one: one.number):
                if reason is not None:
                    self._end(order, max(ts, order.arrived), OrderState.CANCELLED, reason)
                elif order.number in self._waiting and not order.waits_for_entry:
                    self._waiting.discard(order.number)
                    order.arrived, order.volume_at_arrival = ts, self._reel.volume(ts)
                    self._changed(order)
                    self._place(order)

    def end(self, number: int, ts: int, state: OrderState, reason: str) -> None:
        """Ends an open order, and the exits that end with it."""
        self._end(self.orders[number], ts, state, reason)
        self.settle(ts)

    def replace(
        self, number: int, quantity: int, limit: int | None, stop: int | None, ts: int
    ) -> None:
        """Changes an open order; less of it at its old price keeps its place in the queue."""
        order = self.orders[number]
        keeps_place = quantity <= order.quantity and (limit, stop) == (order.limit, order.stop)
        if keeps_place:
            order.quantity = quantity
        else:
            self._unplace(order)
            order.quantity, order.limit, order.stop, order.arrived = quantity, limit, stop, ts
            if number not in self._waiting:
                self._place(order)
        self._changed(order)
        if order.pool is not None:
            order.pool.quantities[number] = quantity + order.split_gain
            self._unsettled.append(order.pool)
        self.settle(ts)

    def _keep(self, order: Resting) -> None:
        self.orders[order.number] = order
        self._changed(order)
        self._waits_for_more = True
        if (order.immediate or order.whole) and self._reel.is_quoted:
            order.until = order.arrived + IMMEDIATE
        if order.until is not None:
            heappush(self._timed, (order.until, order.number))
        elif order.immediate or order.whole:
            self._immediate[order.number] = order

    def _changed(self, order: Resting) -> None:
        self.journal.changed[order.number] = order

    def _opening_is_over(self, at: int) -> bool:
        return self._reel.last_bar(self._rules.session_open, at) is not None

    def _ladder(self, order: Resting) -> Ladder:
        return self._buys if order.is_buy else self._sells

    def _place(self, order: Resting) -> None:
        """Puts an order where it waits for what it needs."""
        self._waits_for_more = True
        if order.auction is not None:
            self._auctions.setdefault(order.auction, {})[order.number] = order
        elif order.waits_for_trigger:
            if order.trails and order.watermark is None:
                order.watermark = self._reel.last_trade(order.arrived)
                tighten(order)
            self._triggers.add(order)
        else:
            self._ladder(order).add(order, self._displayed_ahead(order))

    def _unplace(self, order: Resting) -> None:
        if order.auction is not None:
            self._auctions.get(order.auction, {}).pop(order.number, None)
        self._triggers.remove(order)
        self._ladder(order).remove(order)

    def _displayed_ahead(self, order: Resting) -> int | None:
        """What is displayed at an order's price when it comes; None where that is not to be seen."""
        if order.limit is None:
            return 0
        bid, ask, bid_size, ask_size = self._reel.quote(order.arrived)
        touch, size = (bid, bid_size) if order.is_buy else (ask, ask_size)
        ladder = self._ladder(order)
        if not 0 < bid <= ask or ladder.key(order.limit) > ladder.key(touch):
            return None
        return size if order.limit == touch else 0

    def _end(self, order: Resting, ts: int, state: OrderState, reason: str) -> None:
        self._unplace(order)
        self._forget(order)
        self.journal.happened.append(Ending(order.number, ts, state, reason))

    def _forget(self, order: Resting) -> None:
        order.ended = True
        del self.orders[order.number]
        if order.immediate or order.whole:
            self._immediate.pop(order.number, None)
        self._waiting.discard(order.number)
        self._changed(order)
        if order.pool is not None:
            order.pool.members.pop(order.number, None)
        if order.number in self._pools:
            self._unsettled.append(self._pools[order.number])

    def _on_fill(self, order: Resting, execution: Execution) -> None:
        self.journal.happened.append(execution)
        if order.pool is not None:
            self._unsettled.append(order.pool)
        if not order.remaining:
            self._forget(order)
            return
        self._changed(order)
        if order.number in self._pools:
            self._unsettled.append(self._pools[order.number])
