"""What one event fills: at the touch, by trades at a price and through it, at a bar's prices.

Within an event market orders come first, then better limits, then earlier orders; buys come
before sells, which share only the volume that traded.
"""

from decimal import Decimal
from typing import Protocol

from orderworks.brokers.simulated.matching.event import Event
from orderworks.brokers.simulated.matching.ladder import MARKET_KEY, Ladder, Level
from orderworks.brokers.simulated.matching.resting import NO_SLIPPAGE, Execution, Resting
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.brokers.simulated.matching.slippage import Impact, Taking
from orderworks.market.tape import dollars

PRICES_OF_A_BAR = 4
NOTHING = Event(*[0] * len(Event._fields))
BEFORE_ALL = MARKET_KEY - 1
"""A key that no order has come to."""


class Filled(Protocol):
    """Takes note of an execution that has been added to its order."""

    def __call__(self, order: Resting, execution: Execution) -> None: ...


class Executor:
    """Fills orders in one event after another.

    Args:
        rules: of the symbol.
        filled: is told of every execution.
    """

    __slots__ = ("_event", "_filled", "_modelled", "_rules", "_traded")

    def __init__(self, rules: Rules, filled: Filled) -> None:
        self._rules = rules
        self._filled = filled
        self._event = NOTHING
        self._traded = 0
        self._modelled: int | None = None

    def begin(self, event: Event) -> None:
        """Turns to an event: all that traded in it is there to be shared again."""
        self._event = event
        self._traded = event.volume
        impact = self._rules.impact
        self._modelled = (
            None
            if impact is None or impact.volume_limit is None
            else int(impact.volume_limit * event.volume)
        )

    def quoted(self, ladder: Ladder) -> None:
        """Fills one side at the opposite touch, and what rests passively by the trades."""
        event = self._event
        if ladder.is_buy:
            touch, left, furthest = event.ask, event.ask_size, event.low
        else:
            touch, left, furthest = event.bid, event.bid_size, event.high
        takes_to = ladder.key(touch) if event.is_sound else BEFORE_ALL
        rests_to = ladder.key(furthest) if self._traded else BEFORE_ALL
        for key, level in ladder.reached(max(takes_to, rests_to)):
            if key <= takes_to:
                if left:
                    left -= self._fill_level(ladder, level, touch, left)
            elif level.limit is None:
                continue
            elif not self._traded:
                break
            elif event.low <= level.limit <= event.high:
                if key < rests_to:
                    self._trade_through(ladder, level, level.limit)
                else:
                    self._trade_at(ladder, level, level.limit)

    def at_open(self, ladder: Ladder) -> None:
        """Without quotes: fills what a bar's open reaches, at the open."""
        price = self._event.open
        for _, level in ladder.reached(ladder.key(price)):
            if not self._traded:
                break
            self._traded -= self._fill_level(ladder, level, price, self._traded)

    def inside(self, ladder: Ladder) -> None:
        """Without quotes: fills at their limits the orders that a bar trades through."""
        opened = ladder.key(self._event.open)
        rests_to = ladder.key(self._event.low if ladder.is_buy else self._event.high)
        for key, level in ladder.reached(rests_to - 1):
            if not self._traded:
                break
            if level.limit is not None and key > opened:
                self._trade_through(ladder, level, level.limit)

    def stopped(self, order: Resting, price: int) -> None:
        """Without quotes: fills a stop in the bar that triggers it."""
        self._traded -= self.fill(order, price, self._traded)

    def fill(self, order: Resting, price: int, most: int) -> int:
        """Fills an order with up to ``most`` shares at the market's price; returns how many."""
        event, rules = self._event, self._rules
        quantity = min(
            order.remaining,
            most,
            int(rules.participation_cap * (event.total - order.volume_at_arrival)) - order.filled,
        )
        return self._execute(order, price, quantity, event.ts)

    def auction(self, order: Resting, price: int, most: int, ts: int) -> int:
        """The same in an auction at ``ts``, where the volume since its arrival does not count."""
        return self._execute(order, price, min(order.remaining, most), ts)

    def _execute(self, order: Resting, price: int, quantity: int, ts: int) -> int:
        if order.pool is not None:
            quantity = min(quantity, order.pool.available)
        if self._modelled is not None:
            quantity = min(quantity, self._modelled)
        if quantity <= 0 or (order.whole and quantity < order.remaining):
            return 0
        rules = self._rules
        slippage = (
            NO_SLIPPAGE
            if rules.impact is None
            else self._slippage(rules.impact, order, price, quantity)
        )
        bands = rules.bands
        if bands is not None:
            worse = slippage if order.is_buy else -slippage
            if not bands.permit(ts, dollars(price) + worse):
                return 0
        if self._modelled is not None:
            self._modelled -= quantity
        order.filled += quantity
        if order.pool is not None:
            order.pool.filled += quantity
        self._filled(order, Execution(order.number, ts, quantity, price, slippage))
        return quantity

    def _slippage(self, impact: Impact, order: Resting, price: int, quantity: int) -> Decimal:
        volume = self._event.volume
        allowed = 0 if impact.volume_limit is None else int(impact.volume_limit * volume)
        taken = allowed - (self._modelled or 0) + quantity
        amount = impact.amount(Taking(dollars(price), order.filled + quantity, taken, volume))
        if order.limit is None:
            return amount
        return min(amount, abs(dollars(order.limit - price)))

    def _trade_through(self, ladder: Ladder, level: Level, limit: int) -> None:
        """The market traded beyond the price and at it: whatever was ahead of us is gone."""
        self._traded -= self._fill_level(ladder, level, limit, self._traded)
        ladder.eat(level, None)

    def _trade_at(self, ladder: Ladder, level: Level, limit: int) -> None:
        """The market traded at the price and not beyond: first what was displayed ahead of us.

        A bar's volume is taken to have traded in equal parts at its open, high, low and close.
        """
        event = self._event
        prints = (event.open, event.high, event.low, event.close).count(limit)
        volume = event.volume * prints // PRICES_OF_A_BAR
        taken = 0
        done = []
        for order in level.orders.values():
            ahead = level.ahead(order)
            if ahead is None:
                continue
            left = min(self._traded, volume - ahead - taken)
            if left <= 0:
                break
            if order.may_trade(event.admits, event.ts):
                filled = self.fill(order, limit, left)
                taken += filled
                self._traded -= filled
                if not order.remaining:
                    done.append(order)
        ladder.eat(level, volume)
        for order in done:
            ladder.remove(order)

    def _fill_level(self, ladder: Ladder, level: Level, price: int, left: int) -> int:
        """Fills the orders of a level at ``price``, by time; returns how much was taken."""
        event = self._event
        taken = 0
        done = []
        for order in level.orders.values():
            if taken == left:
                break
            if order.may_trade(event.admits, event.ts):
                taken += self.fill(order, price, left - taken)
                if not order.remaining:
                    done.append(order)
        for order in done:
            ladder.remove(order)
        return taken
