"""On which terms the exchange serves an account."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from orderworks.brokers.simulated.latency import Latencies
from orderworks.brokers.simulated.margin import AccountType
from orderworks.brokers.simulated.matching.slippage import Slippage


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms the exchange serves an account.

    Attributes:
        account_type: whose margin rules hold; a cash account sells nothing short.
        participation_cap: the fraction of the volume since its arrival that an order may take.
        slippage: how much worse than the market's the price of an execution is; None for nothing.
        latencies, seed: how long messages take, and what their jitter is drawn from.
        price_bands: whether limit-up/limit-down holds.
    """

    account: str
    opening_cash: Decimal
    participation_cap: float
    commission: Literal["fixed", "tiered"]
    allow_short: bool
    slippage: Slippage | None = None
    latencies: Latencies = field(default_factory=Latencies)
    seed: int = 0
    price_bands: bool = False
    account_type: AccountType = "margin"

    @property
    def can_short(self) -> bool:
        """Whether more may be sold than is held."""
        return self.allow_short and self.account_type == "margin"
