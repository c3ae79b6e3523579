"""An account at the exchange and its orders, as the exchange has them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from orderworks.brokers.adapter import BrokerOrder
from orderworks.brokers.simulated.margin import AccountType, Margin, margin
from orderworks.brokers.simulated.matching.pools import PoolKey
from orderworks.market.calendar import NEW_YORK, Session
from orderworks.model.errors import SessionOver
from orderworks.model.fill import Fill
from orderworks.model.order import Side
from orderworks.model.portfolio import Portfolio, Position
from orderworks.model.state import LIVE, OrderState

NOT_HELD = (0, Decimal(0))
"""The position in a symbol that was never traded."""


@dataclass(slots=True)
class ExchangeOrder:
    """One order as the exchange has it.

    ``filled_value`` is the money that its fills came to; ``month_shares`` what the account had
    traded in the month when it came, where tiered commissions count on from. ``stop_price`` is the
    trigger, which of a trailing stop moves.

    From ``entry`` on it is what the matching engine keeps of an order: the number of the order
    that it is an exit of; when it came to its place in the book; whether it was triggered; the
    best trade that a trailing stop has followed; the displayed shares ahead of it; by how much what
    it has filled would be more in today's shares.
    """

    number: int
    client_order_id: str
    symbol: str
    side: Side
    quantity: int
    order_type: str
    limit_price: Decimal | None
    tif: str
    received_at: datetime
    volume_at_arrival: int
    month_shares: int
    state: OrderState
    reason: str | None
    filled_quantity: int
    filled_value: Decimal
    executions: int
    changed_at: datetime
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    good_till: datetime | None = None
    oca_group: str | None = None
    attached_to: str | None = None
    entry: int | None = None
    arrived_at: datetime | None = None
    triggered: bool = False
    watermark: Decimal | None = None
    queue_ahead: int | None = None
    split_gain: int = 0

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled_quantity

    @property
    def pool_key(self) -> PoolKey | None:
        """What it shares its shares with: the other exits of its entry, or its group."""
        return self.entry if self.entry is not None else self.oca_group

    @property
    def closable(self) -> int:
        """What its exits may fill together: what it has filled, in today's shares."""
        return self.filled_quantity + self.split_gain

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    def as_broker_order(self) -> BrokerOrder:
        """This order as a client is shown it."""
        return BrokerOrder(
            str(self.number),
            self.client_order_id,
            self.symbol,
            self.side.value,
            self.quantity,
            self.filled_quantity,
            self.state,
            self.reason,
            self.changed_at,
            self.limit_price,
            self.stop_price,
            self.trail_amount,
        )


class Laggards(NamedTuple):
    """The books of the symbols behind one: they have come no further than ``since``."""

    since: datetime
    behind: str


@dataclass(slots=True)
class ExchangeAccount:
    """One account as the exchange has it.

    Attributes:
        reached: the market time that its books have gone through, but for the ``laggards`` among them.
        positions: by symbol (shares, their cost).
    """

    account: str
    reached: datetime
    cash: Decimal
    orders: int
    positions: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    laggards: Laggards | None = None

    def apply(self, fill: Fill) -> None:
        """Moves cash and position by one execution; a sale leaves the average price of the rest."""
        traded = fill.side.sign * fill.quantity
        held, cost = self.positions.get(fill.symbol, NOT_HELD)
        left = held + traded
        if held * traded >= 0:
            cost += traded * fill.price
        elif held * left >= 0:
            cost = cost * left / held
        else:
            cost = left * fill.price
        self.positions[fill.symbol] = (left, cost)
        self.cash += fill.cash_change

    def margin(self, mark: Callable[[str], Decimal | None], account_type: AccountType) -> Margin:
        """Equity against requirements; what has no mark yet is worth what it cost."""
        held = {symbol: shares for symbol, (shares, _) in self.positions.items() if shares}
        marks = {
            symbol: mark(symbol) or self.positions[symbol][1] / shares
            for symbol, shares in held.items()
        }
        return margin(self.cash, held, marks, account_type)

    def require_not_beyond(self, session: Session) -> None:
        """Raises SessionOver if the account has gone on to a later session than this."""
        if self.reached.astimezone(NEW_YORK).date() > session.date:
            raise SessionOver(
                f"the exchange has gone on to {self.reached:%Y-%m-%d %H:%M} UTC for account "
                f"{self.account}, so the session of {session.date} is over; take a later session, "
                "another account, or an empty ORDERWORKS_HOME"
            )

    def portfolio(self) -> Portfolio:
        """Cash and the positions other than zero, by symbol."""
        return Portfolio(
            self.account,
            self.cash,
            {
                symbol: Position(symbol, quantity, cost / quantity)
                for symbol, (quantity, cost) in sorted(self.positions.items())
                if quantity
            },
        )
