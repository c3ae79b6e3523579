"""The book of one symbol: its open orders, gone through the tape by price and time.

Pure and deterministic: the same orders on the same tape trade the same, in however many steps the
tape is gone through. An event of the tape costs what it touches.
"""

from collections.abc import Iterator
from heapq import heappop, heappush

from orderworks.brokers.simulated.matching.bands import is_halted
from orderworks.brokers.simulated.matching.executing import Executor
from orderworks.brokers.simulated.matching.ladder import Ladder
from orderworks.brokers.simulated.matching.pools import Pool, PoolKey
from orderworks.brokers.simulated.matching.reel import Event, Reach, Reel
from orderworks.brokers.simulated.matching.resting import (
    Auction,
    Ending,
    Execution,
    Happening,
    Resting,
)
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.brokers.simulated.matching.triggers import Triggers, tighten
from orderworks.model.state import OrderState

IMMEDIATE = 1_000_000
"""How long an immediate order has where there are quotes: the tape tells them by the second."""

NOT_AT_ONCE = "not filled at once"
NOT_WHOLE = "not filled whole at once"
TIME_ENDED = "its time ended"
SESSION_ENDED = "the session ended"


class Book:
    """The open orders of one symbol.

    Args:
        reel: the symbol's tape.
        rules: of the symbol, in the session.
        reached: up to when the tape has been gone through.
    """

    def __init__(self, reel: Reel, rules: Rules, reached: int) -> None:
        self.reached = reached
        self.orders: dict[int, Resting] = {}
        self._reel = reel
        self._rules = rules
        self._buys, self._sells = Ladder(is_buy=True), Ladder(is_buy=False)
        self._triggers = Triggers()
        self._auctions: dict[Auction, dict[int, Resting]] = {auction: {} for auction in Auction}
        self._immediate: dict[int, Resting] = {}
        self._timed: list[tuple[int, int]] = []
        self._pools: dict[PoolKey, Pool] = {}
        self._waiting: set[int] = set()
        self._unsettled: list[Pool] = []
        self._executor = Executor(rules, self._on_fill)
        self._happened: list[Happening] = []
        self._changed: dict[int, Resting] = {}
        self._look_again = False

    # Orders come, change and go -----------------------------------------------------------------

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
            self._end(order, order.arrived, OrderState.EXPIRED, _missed(order.auction))

    def restore(self, order: Resting) -> None:
        """Takes in an order that was open before, as it was. Orders come by their rank."""
        self._keep(order)
        if order.waits_for_entry:
            self._waiting.add(order.number)
        elif order.auction is not None:
            self._auctions[order.auction][order.number] = order
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
                    self._changed[order.number] = order
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
        self._changed[number] = order
        if order.pool is not None:
            order.pool.quantities[number] = quantity + order.split_gain
            self._unsettled.append(order.pool)
        self.settle(ts)

    def take_happened(self) -> list[Happening]:
        """What has happened since this was last asked, in order."""
        happened, self._happened = self._happened, []
        return happened

    def take_changed(self) -> list[Resting]:
        """The orders, open or ended, that have changed since this was last asked."""
        for ladder in (self._buys, self._sells):
            self._changed |= {order.number: order for order in ladder.take_moved()}
        changed, self._changed = self._changed, {}
        return list(changed.values())

    def queue_ahead(self, order: Resting) -> int | None:
        """Displayed shares ahead of an order; None where none have been displayed at its price."""
        level = self._ladder(order).level_of(order)
        if level is None or order.number not in level.orders:
            return order.queue
        return level.ahead(order)

    def _keep(self, order: Resting) -> None:
        self.orders[order.number] = self._changed[order.number] = order
        if (order.immediate or order.whole) and self._reel.is_quoted:
            order.until = order.arrived + IMMEDIATE
        if order.until is not None:
            heappush(self._timed, (order.until, order.number))
        elif order.immediate or order.whole:
            self._immediate[order.number] = order

    def _opening_is_over(self, at: int) -> bool:
        return self._reel.last_bar(self._rules.session_open, at) is not None

    def _ladder(self, order: Resting) -> Ladder:
        return self._buys if order.is_buy else self._sells

    def _place(self, order: Resting) -> None:
        """Puts an order where it waits for what it needs."""
        self._look_again = True
        if order.auction is not None:
            self._auctions[order.auction][order.number] = order
        elif order.waits_for_trigger:
            if order.trails and order.watermark is None:
                order.watermark = self._reel.last_trade(order.arrived)
                tighten(order)
            self._triggers.add(order)
        else:
            self._ladder(order).add(order, self._displayed_ahead(order))

    def _unplace(self, order: Resting) -> None:
        if order.auction is not None:
            self._auctions[order.auction].pop(order.number, None)
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
        self._happened.append(Ending(order.number, ts, state, reason))

    def _forget(self, order: Resting) -> None:
        order.ended = True
        del self.orders[order.number]
        self._immediate.pop(order.number, None)
        self._waiting.discard(order.number)
        self._changed[order.number] = order
        if order.pool is not None:
            order.pool.members.pop(order.number, None)
        if order.number in self._pools:
            self._unsettled.append(self._pools[order.number])

    def _on_fill(self, order: Resting, execution: Execution) -> None:
        self._happened.append(execution)
        self._changed[order.number] = order
        if order.pool is not None:
            self._unsettled.append(order.pool)
        if not order.remaining:
            self._triggers.remove(order)
            self._forget(order)
        elif order.number in self._pools:
            self._unsettled.append(self._pools[order.number])

    # Time goes on -------------------------------------------------------------------------------

    def walk(self, until: int) -> None:
        """Goes on to a time: trades what is open, ends what may not be open any longer."""
        self.settle(self.reached)
        rules = self._rules
        at, end = max(self.reached, rules.session_open), min(until, rules.session_close)
        while self.orders and at < end:
            at = self._walk(at, end)
        self._end_timed(end + 1)
        if until >= rules.session_close and self.orders:
            self._close()
        self.reached = max(self.reached, until)

    def _walk(self, after: int, until: int) -> int:
        """Goes through events until another choice of them is better; returns how far it came."""
        self._look_again = False
        takes_all = self._needs_every_event
        for event in self._events(after, until, takes_all):
            self._end_timed(event.ts)
            if not is_halted(self._rules.halts, event.ts):
                self._trade(event)
                self.settle(event.ts)
            self._see(event)
            if not self.orders:
                return until
            if self._look_again or takes_all != self._needs_every_event:
                return event.ts
        return until

    @property
    def _needs_every_event(self) -> bool:
        return bool(
            self._buys.has_market_orders
            or self._sells.has_market_orders
            or self._auctions[Auction.OPENING]
            or self._immediate
            or self._triggers.follows_the_first_trade
        )

    def _events(self, after: int, until: int, every: bool) -> Iterator[Event]:
        if every:
            return self._reel.events(after, until)
        buys, sells, triggers = self._buys, self._sells, self._triggers
        reach = Reach(
            buys.best, sells.best, buys.unseen, sells.unseen, triggers.falling, triggers.rising
        )
        return iter(self._reel.reaching(after, until, reach))

    def _trade(self, event: Event) -> None:
        executor, buys, sells = self._executor, self._buys, self._sells
        executor.begin(event)
        if event.volume and self._auctions[Auction.OPENING]:
            self._auction(Auction.OPENING, event, event.open, event.ts)
        if self._reel.is_quoted:
            for ladder in (buys, sells):
                if ladder:
                    executor.quoted(ladder)
            if event.volume and self._triggers:
                self._trigger(event)
        elif event.volume:
            executor.at_open(buys)
            executor.at_open(sells)
            # Where a bar reaches both a stop and a target, the stop is taken to come first.
            self._trigger_inside(event)
            executor.inside(buys)
            executor.inside(sells)
        if event.volume and self._triggers.is_following:
            for order in self._triggers.follow(event):
                self._changed[order.number] = order
                self._look_again = True
        for order in [one for one in self._immediate.values() if one.arrived <= event.admits]:
            self._end(order, event.ts, *_end_in_time(order))

    def _see(self, event: Event) -> None:
        if event.is_sound:
            for order in self._buys.see(event.bid, event.bid_size):
                self._changed[order.number] = order
            for order in self._sells.see(event.ask, event.ask_size):
                self._changed[order.number] = order

    def _trigger(self, event: Event) -> None:
        """What trades trigger is in the market from the next event on."""
        for order in self._triggers.hit(event):
            order.triggered, order.arrived = True, event.ts
            order.volume_at_arrival = event.total
            self._changed[order.number] = order
            self._place(order)

    def _trigger_inside(self, event: Event) -> None:
        """Without quotes a stop trades in the bar that triggers it: at its price, or the open."""
        for order in self._triggers.hit(event):
            stop = order.stop or 0
            price = max(event.open, stop) if order.is_buy else min(event.open, stop)
            order.triggered, order.arrived = True, event.ts
            order.volume_at_arrival = event.total - event.volume
            self._changed[order.number] = order
            ladder = self._ladder(order)
            if ladder.key(order.limit) <= ladder.key(price):
                self._executor.stopped(order, price)
            if order.remaining and not order.ended:
                self._place(order)

    def _auction(self, auction: Auction, event: Event, price: int, ts: int) -> None:
        """All orders of an auction share the cap of what its bar traded; the rest expires."""

        def beyond(order: Resting) -> int:
            """How far the price is from its limit; a market order's is the best of all."""
            ladder = self._ladder(order)
            return ladder.key(order.limit) - ladder.key(price)

        orders = sorted(self._auctions[auction].values(), key=lambda one: (beyond(one), one.rank))
        left = int(self._rules.participation_cap * event.volume)
        for order in orders:
            if beyond(order) <= 0 and order.arrived <= event.admits:
                left -= self._executor.auction(order, price, left, ts)
            self._auctions[auction].pop(order.number)
            if order.remaining:
                self._end(order, ts, OrderState.EXPIRED, _missed(auction))

    def _end_timed(self, before: int) -> None:
        """Ends the orders whose last time to trade lies before ``before``."""
        while self._timed and self._timed[0][0] < before:
            until, number = heappop(self._timed)
            order = self.orders.get(number)
            if order is not None and order.until == until:
                self.end(number, until, *_end_in_time(order))

    def _close(self) -> None:
        """The closing auction, and the end of what does not outlast the session."""
        rules = self._rules
        close = rules.session_close
        bar = self._reel.last_bar(rules.session_open, close)
        if self._auctions[Auction.CLOSING] and bar and not is_halted(rules.halts, close):
            self._executor.begin(bar)
            self._auction(Auction.CLOSING, bar, bar.close, close)
            self.settle(close)
        for order in sorted(self.orders.values(), key=lambda one: one.number):
            if not order.outlasts_session and not order.ended:
                reason = SESSION_ENDED if order.auction is None else _missed(order.auction)
                self.end(order.number, close, OrderState.EXPIRED, reason)


def _missed(auction: Auction) -> str:
    return f"not filled in the {auction.value} auction"


def _end_in_time(order: Resting) -> tuple[OrderState, str]:
    if order.whole:
        return OrderState.CANCELLED, NOT_WHOLE
    if order.immediate:
        return OrderState.CANCELLED, NOT_AT_ONCE
    return OrderState.EXPIRED, TIME_ENDED
