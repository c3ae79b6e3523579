"""Sides, order types and the order itself."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell: the factor that makes a cost positive."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How an order may be priced at the broker."""

    MARKET = "market"
    LIMIT = "limit"


class TimeInForce(StrEnum):
    """How long an order may rest."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"


class Algo(StrEnum):
    """How a parent is worked through children."""

    NONE = "none"
    TWAP = "twap"
    VWAP = "vwap"


@dataclass(frozen=True, slots=True)
class Order:
    """A child order: exactly what the broker is asked to do.

    Raises:
        ValueError: naming the field that cannot be.
    """

    client_order_id: str
    account: str
    symbol: str
    side: Side
    quantity: int
    order_type: OrderType
    limit_price: Decimal | None = None
    tif: TimeInForce = TimeInForce.DAY

    def __post_init__(self) -> None:
        if self.quantity <= 0:
            raise ValueError(f"quantity must be positive, not {self.quantity}")
        if self.order_type is OrderType.LIMIT:
            if self.limit_price is None:
                raise ValueError("limit_price is missing on a limit order")
            if not self.limit_price.is_finite() or self.limit_price <= 0:
                raise ValueError(f"limit_price must be positive and finite, not {self.limit_price}")
        elif self.limit_price is not None:
            raise ValueError("limit_price is set on a market order")


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution of one child order, as the broker reported it.

    ``quantity`` is positive; ``commission`` is money, positive = paid.
    """

    exec_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: int
    price: Decimal
    commission: Decimal
    ts: datetime

    @property
    def cash_change(self) -> Decimal:
        """What this fill does to the account's cash."""
        return -self.side.sign * self.quantity * self.price - self.commission
