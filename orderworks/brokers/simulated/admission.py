"""What an order must pass to be received: the session, the security, its price, the account."""

from datetime import datetime
from decimal import Decimal

from orderworks.brokers.simulated.account import ExchangeOrder
from orderworks.brokers.simulated.borrow import ShortSales
from orderworks.brokers.simulated.margin import largest_position
from orderworks.brokers.simulated.order_rules import (
    exit_refusal,
    price_refusal,
    route_refusal,
    time_refusal,
)
from orderworks.brokers.simulated.stakes import Stake, Stakes, requirement
from orderworks.market.calendar import Session
from orderworks.model.order import Order, Side


class Admission:
    """Judges orders, each on top of all that the account has at stake by then.

    Positions and orders are worth the mark, commissions not counted: what a fill costs beyond that
    shows in the equity that later orders are judged by.

    Args:
        session: orders are received while it is open.
        symbols: what is traded.
        shorts: what may be sold short.
        stakes: of the account, and the marks that it is valued at.
    """

    def __init__(
        self,
        session: Session,
        symbols: frozenset[str],
        shorts: ShortSales,
        stakes: Stakes,
    ) -> None:
        self._session = session
        self._symbols = symbols
        self._shorts = shorts
        self._stakes = stakes

    def refusal(self, order: Order, entry: ExchangeOrder | None, at: datetime) -> str | None:
        """Why an order is not received at a market time; None where it is.

        Args:
            entry: what it is attached to, as far as that is known.
        """
        reason = (
            exit_refusal(order, entry)
            or route_refusal(order)
            or time_refusal(order, at, self._session)
        )
        if reason is not None:
            return reason
        if order.symbol not in self._symbols:
            return f"no such security: {order.symbol}"
        mark = self._stakes.mark(order.symbol)
        named = order.limit_price or order.stop_price
        if mark is None and named is None:
            return f"no quote for {order.symbol} yet"
        reason = price_refusal(order, mark)
        if reason is not None:
            return reason
        self._stakes.settle()
        stake = self._stakes.of(order.symbol)
        if entry is not None:
            # It undoes what its entry did, so it asks for no margin; but what the entry has filled
            # may have been sold already, and is not sold once more.
            return self._short_refusal(order, entry, stake)
        price = mark or max(stake.price, named or Decimal(0))
        return self._short_refusal(order, None, stake) or self._margin_refusal(order, stake, price)

    def _short_refusal(self, order: Order, entry: ExchangeOrder | None, stake: Stake) -> str | None:
        if order.side is Side.BUY:
            return None
        added = self._added(order, entry)
        return self._shorts.refusal(order.symbol, stake.held, stake.selling, added)

    def _added(self, order: Order, entry: ExchangeOrder | None) -> int:
        """What an order adds to its side: in a pool, only what goes beyond the largest in it."""
        trades = order.quantity if entry is None else min(order.quantity, entry.closable)
        key = order.oca_group if entry is None else entry.number
        return max(0, trades - self._stakes.shared(order.symbol, order.side, key))

    def _margin_refusal(self, order: Order, stake: Stake, price: Decimal) -> str | None:
        stakes, account_type = self._stakes, self._stakes.account_type
        added = self._added(order, None)
        buying, selling = stake.buying, stake.selling
        now = (
            stake.required
            if price == stake.price
            else requirement(stake.held, buying, selling, price, account_type)
        )
        if order.side is Side.BUY:
            reached = stake.held + buying
            buying += added
        else:
            reached = selling - stake.held
            selling += added
        then = requirement(stake.held, buying, selling, price, account_type)
        if then <= now:
            return None
        if stakes.is_called:
            return (
                f"margin call: equity of {stakes.equity:.2f} is below the maintenance requirement "
                f"of {stakes.maintained:.2f}; only orders that reduce a position are received"
            )
        budget = max(now, stakes.equity - (stakes.required - stake.required))
        if then <= budget:
            return None
        room = largest_position(order.side.sign, price, budget, account_type) - reached
        return f"insufficient equity: {order.quantity - added + room} shares are affordable"
