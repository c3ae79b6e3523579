"""The book of one symbol: its open orders, gone through the tape by price and time.

Pure and deterministic: the same orders on the same tape trade the same, in however many steps the
tape is gone through. An event of the tape costs what it touches.
"""

from heapq import heappop

from orderworks.brokers.simulated.matching.bands import is_halted
from orderworks.brokers.simulated.matching.event import Event, Reach
from orderworks.brokers.simulated.matching.journal import Journal
from orderworks.brokers.simulated.matching.open_orders import OpenOrders
from orderworks.brokers.simulated.matching.playhead import Playhead
from orderworks.brokers.simulated.matching.reel import Reel
from orderworks.brokers.simulated.matching.resting import Auction, Resting
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.model.state import OrderState

NOT_AT_ONCE = "not filled at once"
NOT_WHOLE = "not filled whole at once"
TIME_ENDED = "its time ended"
SESSION_ENDED = "the session ended"


class Book(OpenOrders):
    """Open orders that go along a tape.

    Args:
        reel: the symbol's tape.
        rules: of the symbol, in the session.
        reached: up to when the tape has been gone through.
        journal: is told what happens.
    """

    def __init__(self, reel: Reel, rules: Rules, reached: int, journal: Journal) -> None:
        super().__init__(reel, rules, journal)
        self.reached = reached
        self._playhead = Playhead(reel, self._reach)

    def walk(self, until: int) -> None:
        """Goes on to a time: trades what is open, ends what may not be open any longer."""
        if self._unsettled:
            self.settle(self.reached)
        rules = self._rules
        begin, end = max(self.reached, rules.session_open), min(until, rules.session_close)
        if self.orders and begin < end:
            self._go_through(begin, end)
        if self._timed:
            self._end_timed(end + 1)
        if until >= rules.session_close and self.orders:
            self._close()
        self.reached = max(self.reached, until)

    def _go_through(self, at: int, until: int) -> None:
        """Goes through the events that may matter, for as long as there are orders."""
        playhead, halts = self._playhead, self._rules.halts
        playhead.go_to(at)
        while self.orders:
            if self._waits_for_more:
                self._waits_for_more = False
                playhead.look_again(at)
            event = playhead.next(until)
            if event is None:
                return
            at = event.ts
            if self._timed:
                self._end_timed(at)
            if not (halts and is_halted(halts, at)):
                self._trade(event)
                if self._unsettled:
                    self.settle(at)
            if event.is_sound:
                self._see(event)

    def _reach(self) -> Reach | None:
        """The prices at which something may happen; None where every event may matter."""
        buys, sells, triggers = self._buys, self._sells, self._triggers
        if (
            buys.has_market_orders
            or sells.has_market_orders
            or self._auctions.get(Auction.OPENING)
            or self._immediate
            or triggers.follows_the_first_trade
        ):
            return None
        return Reach(
            buys.best, sells.best, buys.unseen, sells.unseen, triggers.falling, triggers.rising
        )

    def _trade(self, event: Event) -> None:
        executor, buys, sells = self._executor, self._buys, self._sells
        executor.begin(event)
        if event.volume and self._auctions.get(Auction.OPENING):
            self._auction(Auction.OPENING, event, event.open, event.ts)
        if self._reel.is_quoted:
            if buys:
                executor.quoted(buys)
            if sells:
                executor.quoted(sells)
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
                self._changed(order)
                self._waits_for_more = True
        if self._immediate:
            for order in [one for one in self._immediate.values() if one.arrived <= event.admits]:
                self._end(order, event.ts, *_end_in_time(order))

    def _see(self, event: Event) -> None:
        """Shows the market's displayed queue to the orders that wait for it."""
        if self._buys.unseen is not None:
            for order in self._buys.see(event.bid, event.bid_size):
                self._changed(order)
        if self._sells.unseen is not None:
            for order in self._sells.see(event.ask, event.ask_size):
                self._changed(order)

    def _trigger(self, event: Event) -> None:
        """What trades trigger is in the market from the next event on."""
        for order in self._triggers.hit(event):
            order.triggered, order.arrived = True, event.ts
            order.volume_at_arrival = event.total
            self._changed(order)
            self._place(order)

    def _trigger_inside(self, event: Event) -> None:
        """Without quotes a stop trades in the bar that triggers it: at its price, or the open."""
        for order in self._triggers.hit(event):
            stop = order.stop or 0
            price = max(event.open, stop) if order.is_buy else min(event.open, stop)
            order.triggered, order.arrived = True, event.ts
            order.volume_at_arrival = event.total - event.volume
            self._changed(order)
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
                self._end(order, ts, OrderState.EXPIRED, auction.missed)

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
        if self._auctions.get(Auction.CLOSING) and bar and not is_halted(rules.halts, close):
            self._executor.begin(bar)
            self._auction(Auction.CLOSING, bar, bar.close, close)
            self.settle(close)
        for order in sorted(self.orders.values(), key=lambda one: one.number):
            if not order.outlasts_session and not order.ended:
                reason = SESSION_ENDED if order.auction is None else order.auction.missed
                self.end(order.number, close, OrderState.EXPIRED, reason)


def _end_in_time(order: Resting) -> tuple[OrderState, str]:
    if order.whole:
        return OrderState.CANCELLED, NOT_WHOLE
    if order.immediate:
        return OrderState.CANCELLED, NOT_AT_ONCE
    return OrderState.EXPIRED, TIME_ENDED
