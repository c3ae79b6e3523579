"""An order in a book, and what can happen to it there.

Prices are integers in ten-thousandths of a dollar, times are the tape's integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from orderworks.model.state import OrderState

if TYPE_CHECKING:
    from orderworks.brokers.simulated.matching.ladder import Level
    from orderworks.brokers.simulated.matching.pools import Pool

ODD_LOT_BELOW = 100
NO_SLIPPAGE = Decimal(0)


class Auction(StrEnum):
    """The auction that an order is for."""

    OPENING = "opening"
    CLOSING = "closing"

    @property
    def missed(self) -> str:
        """Why an order ends that the auction did not fill."""
        return f"not filled in the {self} auction"


@dataclass(slots=True, eq=False)
class Resting:
    """An order in the book.

    Attributes:
        number: with ``arrived`` it makes the order's time priority.
        limit: None for a market order.
        arrived: when it came to where it is now: to the exchange, or by its trigger, by its
            entry's first fill, or by a correction to the end of its queue.
        volume_at_arrival: the shares of the tape from which on the participation cap counts.
        split_gain: by how much what it has filled would be more in today's shares.
        until: the last time at which it may trade; None where only the session's end ends it.
        immediate: it ends with the first bar that it may trade in, or at ``until``.
        whole: it fills in one execution or not at all.
        outlasts_session: the session's end does not end it.
        stop: the trigger of a stop, which for a trailing stop moves with ``watermark``.
        trail: the distance that a trailing stop keeps, in price units.
        trail_percent: the same as a fraction of the watermark.
        queue: shares displayed ahead of it at its price, counted from where its level's
            ``eaten`` begins; None while nothing has been displayed there yet.
        pool: what it shares with the other orders of its group or of its entry.
        level: the orders at its price, with which it waits in the book; None elsewhere.
    """

    number: int
    is_buy: bool
    quantity: int
    limit: int | None
    arrived: int
    volume_at_arrival: int
    filled: int = 0
    split_gain: int = 0
    until: int | None = None
    immediate: bool = False
    whole: bool = False
    outlasts_session: bool = False
    auction: Auction | None = None
    stop: int | None = None
    triggered: bool = False
    trail: int | None = None
    trail_percent: Decimal | None = None
    watermark: int | None = None
    queue: int | None = None
    pool: Pool | None = None
    level: Level | None = None
    ended: bool = False

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def closable(self) -> int:
        """What its exits may fill together: what it has filled, in today's shares."""
        return self.filled + self.split_gain

    @property
    def waits_for_trigger(self) -> bool:
        return not self.triggered and (self.stop is not None or self.trails)

    @property
    def trails(self) -> bool:
        return self.trail is not None or self.trail_percent is not None

    @property
    def waits_for_entry(self) -> bool:
        """An exit is inactive until its entry has filled."""
        return self.pool is not None and self.pool.entry is not None and not self.pool.entry.filled

    @property
    def queue_ahead(self) -> int | None:
        """Displayed shares ahead of it; None where none have been displayed at its price."""
        return self.queue if self.level is None else self.level.ahead(self)

    @property
    def rank(self) -> tuple[int, int]:
        """Time priority."""
        return self.arrived, self.number

    def may_trade(self, admits: int, ts: int) -> bool:
        """Whether it takes part in what happened at ``ts`` to orders that came by ``admits``."""
        return self.arrived <= admits and (self.until is None or ts <= self.until)


class Execution(NamedTuple):
    """One trade of one order: when, how much, at which price of the market.

    ``slippage`` is how much worse, in dollars a share, the price of the fill is than the market's.
    """

    number: int
    ts: int
    quantity: int
    price: int
    slippage: Decimal = NO_SLIPPAGE


class Ending(NamedTuple):
    """An order that ends with something unfilled: CANCELLED or EXPIRED, and why."""

    number: int
    ts: int
    state: OrderState
    reason: str


Happening = Execution | Ending
