"""What an order must pass to be received: the session, the security, its price, the account."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.borrow import ShortSales
from orderworks.brokers.simulated.margin import AccountType, initial, largest_position
from orderworks.brokers.simulated.order_rules import price_refusal, time_refusal
from orderworks.market.calendar import Session
from orderworks.model.order import Order, Side
from orderworks.model.state import OrderState


@dataclass(slots=True)
class _Stake:
    """What the account has in one symbol: shares held, and what resting orders buy and sell.

    Orders of one side that cancel one another count once, as the largest of their group.
    """

    price: Decimal
    held: int = 0
    buying: int = 0
    selling: int = 0
    groups: dict[tuple[Side, str], int] = field(default_factory=dict)

    def requirement(self, account_type: AccountType) -> Decimal:
        """Initial margin of the dearest position that the resting orders can lead to."""
        return max(
            initial(self.held + self.buying, self.price, account_type),
            initial(self.held - self.selling, self.price, account_type),
        )

    def added(self, side: Side, quantity: int, group: str | None) -> int:
        """What an order adds to its side: of a group, only what goes beyond the largest in it."""
        return quantity if group is None else max(0, quantity - self.groups.get((side, group), 0))

    def add(self, side: Side, quantity: int, group: str | None) -> None:
        """Counts a resting order."""
        added = self.added(side, quantity, group)
        if group is not None:
            self.groups[side, group] = self.groups.get((side, group), 0) + added
        if side is Side.BUY:
            self.buying += added
        else:
            self.selling += added

    def room(self, side: Side, budget: Decimal, account_type: AccountType) -> int:
        """The most shares that can be added to a side within ``budget`` of initial margin."""
        reached = self.held + self.buying if side is Side.BUY else self.selling - self.held
        return largest_position(side.sign, self.price, budget, account_type) - reached


class Admission:
    """Judges the orders of one batch, each on top of those that were admitted before it.

    Positions and orders are worth the mark, commissions not counted: what a fill costs beyond that
    shows in the equity that the next batch is judged by.

    Args:
        session: orders are received while it is open.
        symbols: what is traded.
        shorts: what may be sold short.
        account_type: whose margin rules hold.
        mark: the mid of a symbol, or None before its first quote.
        account: cash and positions at this moment.
        live: the orders that rest.
        known: the newest order that was received under a name, resting or done.
    """

    def __init__(
        self,
        session: Session,
        symbols: frozenset[str],
        shorts: ShortSales,
        account_type: AccountType,
        mark: Callable[[str], Decimal | None],
        account: ExchangeAccount,
        live: Iterable[ExchangeOrder],
        known: Callable[[str], ExchangeOrder | None],
    ) -> None:
        self._session = session
        self._symbols = symbols
        self._shorts = shorts
        self._account_type = account_type
        self._mark = mark
        self._known = known
        self._margin = account.margin(mark, account_type)
        self._stakes = {
            symbol: _Stake(mark(symbol) or cost / quantity, held=quantity)
            for symbol, (quantity, cost) in account.positions.items()
            if quantity
        }
        self._committed = Decimal(0)
        resting = list(live)
        self._entries: dict[str, Order | ExchangeOrder] = {
            order.client_order_id: order for order in resting
        }
        for order in resting:
            self._stake(order.symbol, _named_price(order)).add(
                order.side, self._trades_now(order), _group(order)
            )
        self._committed = sum(
            (stake.requirement(account_type) for stake in self._stakes.values()), start=Decimal(0)
        )

    def refusal(self, order: Order, at: datetime) -> str | None:
        """Why an order is not received at a market time; None where it is, and then it counts."""
        reason = self._refusal(order, at)
        if reason is None:
            self._entries[order.client_order_id] = order
        return reason

    def _refusal(self, order: Order, at: datetime) -> str | None:
        reason = time_refusal(order, at, self._session)
        if reason is not None:
            return reason
        if order.symbol not in self._symbols:
            return f"no such security: {order.symbol}"
        mark = self._mark(order.symbol)
        price = mark or _named_price(order)
        if price is None:
            return f"no quote for {order.symbol} yet"
        reason = price_refusal(order, mark)
        if reason is not None:
            return reason
        if order.attached_to is not None:
            return self._exit_refusal(order, order.attached_to, price)
        return self._account_refusal(order, price)

    def _exit_refusal(self, order: Order, name: str, price: Decimal) -> str | None:
        """An exit undoes what its entry did: it asks for no margin, but its entry must be there.

        What the entry has filled may have been sold already; the exit must not sell it once more.
        """
        entry = self._entries.get(name) or self._known(name)
        if entry is None or (
            isinstance(entry, ExchangeOrder) and entry.state is OrderState.REJECTED
        ):
            return f"no order {name} was received that this one could be an exit of"
        if (entry.symbol, entry.side) != (order.symbol, order.side.opposite):
            return (
                f"an exit trades its entry's symbol back, and {name} {entry.side}s {entry.symbol}"
            )
        stake = self._stake(order.symbol, price)
        trades_now = min(order.quantity, _filled(entry))
        reason = self._short_refusal(order, stake, trades_now)
        if reason is None:
            stake.add(order.side, trades_now, _group(order))
        return reason

    def _short_refusal(self, order: Order, stake: _Stake, quantity: int) -> str | None:
        if order.side is Side.BUY:
            return None
        added = stake.added(order.side, quantity, _group(order))
        return self._shorts.refusal(order.symbol, stake.held, stake.selling, added)

    def _account_refusal(self, order: Order, price: Decimal) -> str | None:
        stake = self._stake(order.symbol, price)
        group = _group(order)
        added = stake.added(order.side, order.quantity, group)
        reason = self._short_refusal(order, stake, order.quantity)
        if reason is not None:
            return reason
        now = stake.requirement(self._account_type)
        free = stake.room(order.side, now, self._account_type)
        if added <= free:
            stake.add(order.side, order.quantity, group)
            return None
        if self._margin.is_called:
            return (
                f"margin call: equity of {self._margin.equity:.2f} is below the maintenance "
                f"requirement of {self._margin.maintenance:.2f}; only orders that reduce a position "
                "are received"
            )
        budget = max(now, self._margin.equity - (self._committed - now))
        room = stake.room(order.side, budget, self._account_type)
        if added > room:
            affordable = order.quantity - added + room
            return f"insufficient equity: {affordable} shares are affordable"
        stake.add(order.side, order.quantity, group)
        self._committed += stake.requirement(self._account_type) - now
        return None

    def _stake(self, symbol: str, price: Decimal | None) -> _Stake:
        if symbol not in self._stakes:
            self._stakes[symbol] = _Stake(self._mark(symbol) or Decimal(0))
        stake = self._stakes[symbol]
        if not stake.price and price is not None:
            # Until now only trailing stops rested in it, which name no price, and it has no quote.
            stake.price = price
            self._committed += stake.requirement(self._account_type)
        return stake

    def _trades_now(self, order: ExchangeOrder) -> int:
        """The most that a resting order can trade: of an exit, no more than its entry has filled."""
        entry = self._entries.get(order.attached_to or "")
        return order.remaining if entry is None else min(order.remaining, _filled(entry))


def _filled(order: Order | ExchangeOrder) -> int:
    """What an order has filled; one of this very batch, nothing yet."""
    return order.filled_quantity if isinstance(order, ExchangeOrder) else 0


def _group(order: Order | ExchangeOrder) -> str | None:
    """What an order shares its shares with: its group, and the exits of one entry at any rate."""
    return order.oca_group or order.attached_to


def _named_price(order: Order | ExchangeOrder) -> Decimal | None:
    """The price that an order names, for a symbol that was not quoted yet."""
    return order.limit_price or order.stop_price
