"""Executions, and what replaces or undoes them."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from orderworks.model.order import Side

FEE = "/fee"
"""What the id of an execution is told with, when only its commission is corrected."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution of one order, as the broker reported it.

    Attributes:
        quantity: shares; 0 in a bust only.
        commission: money, positive = paid.
        replaces: the exec_id of an earlier report of the same execution, which this one corrects;
            with a quantity of 0 it is a bust.

    Raises:
        ValueError: naming the field that cannot be.
    """

    exec_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: int
    price: Decimal
    commission: Decimal
    ts: datetime
    replaces: str | None = None

    def __post_init__(self) -> None:
        if self.quantity < 0 or (self.quantity == 0 and self.replaces is None):
            raise ValueError(f"quantity of execution {self.exec_id} cannot be {self.quantity}")

    @property
    def cash_change(self) -> Decimal:
        """What this fill does to the account's cash."""
        return -self.side.sign * self.quantity * self.price - self.commission

    def as_late_commission(self) -> "Fill":
        """The correction of an execution that was told with another commission than this one's."""
        return replace(self, exec_id=self.exec_id + FEE, replaces=self.exec_id)
