"""Quotes, and what is wrong with those that must not be priced from."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class QuoteProblem(StrEnum):
    """Why a quote cannot be priced from."""

    MISSING = "QUOTE_MISSING"
    ONE_SIDED = "QUOTE_ONE_SIDED"
    CROSSED = "QUOTE_CROSSED"
    STALE = "QUOTE_STALE"


@dataclass(frozen=True, slots=True)
class Quote:
    """The best bid and ask of one symbol. Prices are money, sizes are shares, ``ts`` is UTC."""

    symbol: str
    ts: datetime
    bid: Decimal
    ask: Decimal
    bid_size: int
    ask_size: int

    @property
    def mid(self) -> Decimal:
        return (self.bid + self.ask) / 2

    def problem(self, now: datetime, stale_after: timedelta) -> QuoteProblem | None:
        """What makes this quote unsound at ``now``, or None. A locked quote is sound."""
        if self.bid <= 0 or self.ask <= 0 or self.bid_size <= 0 or self.ask_size <= 0:
            return QuoteProblem.ONE_SIDED
        if self.bid > self.ask:
            return QuoteProblem.CROSSED
        if now - self.ts > stale_after:
            return QuoteProblem.STALE
        return None
