"""What an order must pass to be received: the session, the security, its price, the account."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.market.calendar import Session
from orderworks.model.instrument import Instrument
from orderworks.model.order import Order, Side

INITIAL_MARGIN = Decimal("0.5")
"""Regulation T: half of what a position is worth must be equity when it is opened."""

PRICE_BAND = Decimal("0.20")
"""A limit further through the market than this is taken for an error."""


@dataclass(slots=True)
class _Stake:
    """What the account has in one symbol: shares held, and what resting orders buy and sell."""

    price: Decimal
    held: int = 0
    buying: int = 0
    selling: int = 0

    @property
    def largest(self) -> int:
        """The largest position, long or short, that the resting orders can lead to."""
        return max(abs(self.held + self.buying), abs(self.held - self.selling))

    @property
    def sellable(self) -> int:
        """Shares held that no resting order sells already."""
        return max(0, self.held - self.selling)

    def add(self, side: Side, quantity: int) -> None:
        if side is Side.BUY:
            self.buying += quantity
        else:
            self.selling += quantity


class Admission:
    """Judges the orders of one batch, each on top of those that were admitted before it.

    Args:
        session: orders are received while it is open.
        symbols: what is traded.
        allow_short: whether more may be sold than is held.
        marks: symbol -> its mid, or None before its first quote.
        account: cash and positions at this moment.
        live: the orders that rest.
    """

    def __init__(
        self,
        session: Session,
        symbols: frozenset[str],
        allow_short: bool,
        marks: Mapping[str, Decimal | None],
        account: ExchangeAccount,
        live: Iterable[ExchangeOrder],
    ) -> None:
        self._session = session
        self._symbols = symbols
        self._allow_short = allow_short
        self._marks = marks
        self._stakes = {
            symbol: _Stake(marks[symbol] or cost / quantity, held=quantity)
            for symbol, (quantity, cost) in account.positions.items()
            if quantity
        }
        self._equity = account.cash + sum(
            (stake.held * stake.price for stake in self._stakes.values()), start=Decimal(0)
        )
        for order in live:
            price = marks[order.symbol] or order.limit_price or Decimal(0)
            self._stake(order.symbol, price).add(order.side, order.remaining)
        self._committed = sum(
            (stake.largest * stake.price for stake in self._stakes.values()), start=Decimal(0)
        )

    def refusal(self, order: Order, at: datetime) -> str | None:
        """Why an order is not received at a market time; None where it is, and then it counts."""
        if not self._session.open <= at < self._session.close:
            return f"the market is closed at {at:%H:%M:%S} UTC"
        if order.symbol not in self._symbols:
            return f"no such security: {order.symbol}"
        mark = self._marks[order.symbol]
        price = mark or order.limit_price
        if price is None:
            return f"no quote for {order.symbol} yet"
        return _price_refusal(order, mark) or self._account_refusal(order, price)

    def _stake(self, symbol: str, price: Decimal) -> _Stake:
        stake = self._stakes.get(symbol)
        if stake is None:
            stake = self._stakes[symbol] = _Stake(price)
        return stake

    def _account_refusal(self, order: Order, price: Decimal) -> str | None:
        stake = self._stake(order.symbol, price)
        sells = order.side is Side.SELL
        if sells and order.quantity > stake.sellable and not self._allow_short:
            return (
                f"short sale not permitted: {stake.sellable} shares are held and not being sold, "
                f"{order.quantity} to sell"
            )
        before = stake.largest
        stake.add(order.side, order.quantity)
        opened = stake.largest - before
        if not opened:
            return None
        value = opened * price
        if (self._committed + value) * INITIAL_MARGIN > self._equity:
            stake.add(order.side, -order.quantity)
            spare = max(Decimal(0), self._equity / INITIAL_MARGIN - self._committed)
            affordable = order.quantity - opened + int(spare / price)
            return f"insufficient equity: {affordable} shares are affordable"
        self._committed += value
        return None


def _price_refusal(order: Order, mark: Decimal | None) -> str | None:
    limit = order.limit_price
    if limit is None:
        return None
    tick = Instrument(order.symbol).tick_at(limit)
    if limit % tick:
        return f"limit {limit} is not a multiple of {tick}"
    if mark is not None:
        beyond = order.side.sign * (limit - mark) / mark
        if beyond > PRICE_BAND:
            return (
                f"limit {limit} is {100 * beyond:.0f} % through the market at {mark}, "
                f"more than {100 * PRICE_BAND:.0f} %"
            )
    return None
