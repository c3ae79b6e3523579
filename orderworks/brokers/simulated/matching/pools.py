"""What the orders of one group may still fill together."""

from dataclasses import dataclass, field

from orderworks.brokers.simulated.matching.resting import Resting

ENTRY_UNFILLED = "its entry ended unfilled"
ENTRY_CLOSED = "what its entry filled is closed"
GROUP_FILLED = "another order of its group has filled"

PoolKey = str | int
"""The name of a group, or the number of an entry."""


@dataclass(slots=True, eq=False)
class Pool:
    """The shares that orders share: those of the largest, and of exits no more than their entry's.

    Counted in today's shares: a split changes what was filled before it.

    Attributes:
        entry: the order whose exits these are; None for a plain group.
        filled: what its orders, ended ones too, have filled together.
        quantities: order number -> quantity, of every order that was ever in it.
        members: the orders that are open.
    """

    entry: Resting | None = None
    filled: int = 0
    quantities: dict[int, int] = field(default_factory=dict)
    members: dict[int, Resting] = field(default_factory=dict)

    @property
    def largest(self) -> int:
        """What its orders may fill together, of an entry's exits whatever that has filled."""
        return max(self.quantities.values(), default=0)

    @property
    def available(self) -> int:
        """Shares that its orders may still fill; none while the entry has filled none."""
        shares = self.largest if self.entry is None else min(self.largest, self.entry.closable)
        return shares - self.filled

    def join(self, order: Resting) -> None:
        order.pool = self
        self.members[order.number] = order
        self.quantities[order.number] = order.quantity + order.split_gain

    def remember(self, number: int, quantity: int, filled: int) -> None:
        """Counts what one of its orders had filled before it was looked at, open or ended."""
        self.quantities[number] = quantity
        self.filled += filled

    def reason_to_end(self) -> str | None:
        """Why none of its orders will trade again; None while one may."""
        entry = self.entry
        if entry is not None and entry.ended and self.filled >= entry.closable:
            return ENTRY_CLOSED if entry.filled else ENTRY_UNFILLED
        return GROUP_FILLED if self.filled >= self.largest else None
