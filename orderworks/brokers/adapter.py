"""What the desk asks of any broker, and the words in which a broker answers."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from orderworks.model.corporate_action import AppliedAction
from orderworks.model.fill import Fill
from orderworks.model.order import Order, Replacement
from orderworks.model.portfolio import Portfolio
from orderworks.model.state import OrderState


class ReportKind(StrEnum):
    """What a broker can say about one order."""

    ACKNOWLEDGED = "ACKNOWLEDGED"
    REJECTED = "REJECTED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    CANCEL_REFUSED = "CANCEL_REFUSED"
    REPLACED = "REPLACED"
    REPLACE_REFUSED = "REPLACE_REFUSED"


class Report(NamedTuple):
    """One thing that a broker said about one order, at a market time.

    ``fill`` comes with FILLED only, ``terms`` with REPLACED only: what the order is now. ``filled`` comes
    with the end of an order, where the broker says it: the shares that it has filled in all. ``proven``
    is what a complete snapshot shows; what a line brings may be about an earlier sending of the order.
    """

    kind: ReportKind
    client_order_id: str
    ts: datetime
    broker_order_id: str = ""
    reason: str | None = None
    fill: Fill | None = None
    terms: Replacement | None = None
    proven: bool = False
    filled: int | None = None


class BrokerOrder(NamedTuple):
    """One order as the broker has it."""

    broker_order_id: str
    client_order_id: str
    symbol: str
    side: str
    quantity: int
    filled_quantity: int
    state: OrderState
    reason: str | None
    ts: datetime
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the broker knows of the account, complete at ``at``.

    ``orders`` and ``executions`` reach back to the start of the current session at least,
    ``corporate_actions`` to whatever the portfolio was moved by.
    """

    at: datetime
    portfolio: Portfolio
    orders: tuple[BrokerOrder, ...]
    executions: tuple[Fill, ...]
    corporate_actions: tuple[AppliedAction, ...] = ()


@dataclass(frozen=True, slots=True)
class MarginEffect:
    """What an order would do to the account's margin if it filled, by the broker's own count; money.

    ``available`` is what the account has left before it: equity less the initial margin of what it holds.
    ``refusal`` is why the broker would not take the order at all, in its words; then there are no figures.
    """

    client_order_id: str
    available: Decimal = Decimal(0)
    initial_change: Decimal = Decimal(0)
    maintenance_change: Decimal = Decimal(0)
    equity_change: Decimal = Decimal(0)
    commission: Decimal | None = None
    warning: str = ""
    refusal: str = ""

    @property
    def needed(self) -> Decimal:
        """What it takes of the available funds; negative where it frees some."""
        return self.initial_change - self.equity_change


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the broker can be worked with, and in a sentence why not."""

    sound: bool
    message: str


class BrokerAdapter(Protocol):
    """A broker, through which one account is traded.

    Orders go and come in batches, because a wave is one. An order that a call returns no report
    for has not been refused: its fate is unknown until a snapshot shows it.

    Where no answer comes, calls raise Unanswered, Disconnected or Unreachable; where the broker was
    asked too fast, PacingRefused, and it has taken nothing of the request.
    """

    provider: str
    account: str
    mode: str

    async def market_time(self) -> datetime | None:
        """How far a replayed market has come for the account; None where time is the wall's."""

    async def connect(self) -> None:
        """Makes the account workable. Raises BrokerError if it is not the configured one."""

    async def close(self) -> None:
        """Ends the connection; what rests at the broker goes on resting."""

    async def prepare(self, symbols: Sequence[str]) -> None:
        """Asks whatever must be known before orders of these symbols are sent, or changed.

        Whoever needs a permission to send asks for it after this, and after ``room_for``: nothing is
        asked between the permission and the sending. Raises BrokerError where nothing may be sent now.
        """

    async def room_for(self, messages: int) -> int:
        """Waits until its pace lets one message leave; how many of ``messages`` may leave now or soon.

        Whoever needs a permission to send asks for it after this, so that it is not an old one.
        """

    async def submit_orders(self, orders: Sequence[Order]) -> list[Report]:
        """Sends orders; returns what the broker said of them so far."""

    async def cancel_orders(self, client_order_ids: Sequence[str]) -> list[Report]:
        """Asks to cancel orders; returns what the broker said so far, fills on the way included."""

    async def replace_orders(self, replacements: Sequence[Replacement]) -> list[Report]:
        """Asks to change resting orders; returns what the broker said so far, fills included."""

    def events(self, until: datetime) -> AsyncIterator[list[Report]]:
        """What the broker reports up to the market time ``until``, in batches, in order."""

    async def get_order_status(self, client_order_id: str) -> BrokerOrder | None:
        """One order, or None where the broker has none of that name."""

    async def get_portfolio(self) -> Portfolio:
        """Cash and positions."""

    async def what_if(self, orders: Sequence[Order]) -> list[MarginEffect]:
        """What each order would do to the margin; nothing is sent. What is not told is not known."""

    async def snapshot(self) -> Snapshot:
        """Everything, or SnapshotIncomplete."""

    async def health_check(self) -> Health:
        """Whether the broker answers."""
