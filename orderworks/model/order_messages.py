"""How many messages an account sends for what trades: what its broker judges it by. Pure."""

from dataclasses import dataclass

EXCESSIVE = 20
"""Above this ratio IBKR objects (KB1343, "Order Management Overview")."""


@dataclass(frozen=True, slots=True)
class OrderMessages:
    """What an account sent in a day, and how many of its orders had an execution in it."""

    submissions: int
    revisions: int
    cancellations: int
    executed_orders: int

    @property
    def efficiency_ratio(self) -> float:
        """IBKR's Order Efficiency Ratio: the lower, the better.

        (submissions + revisions + cancellations) / (executed orders + 1); source: KB1343.
        """
        sent = self.submissions + self.revisions + self.cancellations
        return sent / (self.executed_orders + 1)

    def __str__(self) -> str:
        return (
            f"{self.submissions:,} submissions, {self.revisions:,} changes and "
            f"{self.cancellations:,} cancels for {self.executed_orders:,} executed orders"
        )
