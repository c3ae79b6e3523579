"""A broker that answers as it is told to."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from hourglass import Hourglass

from orderworks.brokers.adapter import (
    BrokerOrder,
    Health,
    MarginEffect,
    Report,
    ReportKind,
    Snapshot,
)
from orderworks.model.errors import BrokerError
from orderworks.model.order import Order, Replacement
from orderworks.model.portfolio import Portfolio

NOON = datetime(2025, 11, 20, 17, tzinfo=UTC)
ACCOUNT = "SCRIPT-1"


@dataclass
class ScriptedBroker:
    """Raises what stands in the script, one for each call; accepts where that is None or at its end."""

    glass: Hourglass
    script: list[BrokerError | None] = field(default_factory=list)
    accepted: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    """When which orders, cancels and changes were accepted, by name."""
    calls: int = 0

    provider = "scripted"
    account = ACCOUNT
    mode = "simulated"

    async def market_time(self) -> datetime | None:
        self._act()
        return None

    async def connect(self) -> None:
        self._act()

    async def close(self) -> None:
        pass

    async def prepare(self, symbols: Sequence[str]) -> None:
        """Nothing has to be asked."""

    async def room_for(self, messages: int) -> int:
        return messages

    async def submit_orders(self, orders: Sequence[Order]) -> list[Report]:
        return self._accept([order.client_order_id for order in orders])

    async def cancel_orders(self, client_order_ids: Sequence[str]) -> list[Report]:
        return self._accept(client_order_ids)

    async def replace_orders(self, replacements: Sequence[Replacement]) -> list[Report]:
        return self._accept([one.client_order_id for one in replacements])

    async def events(self, until: datetime) -> AsyncIterator[list[Report]]:
        self._act()
        yield []

    async def get_order_status(self, client_order_id: str) -> BrokerOrder | None:
        self._act()
        return None

    async def get_portfolio(self) -> Portfolio:
        self._act()
        return Portfolio(ACCOUNT, Decimal(0), {})

    async def snapshot(self) -> Snapshot:
        return Snapshot(NOON, await self.get_portfolio(), (), ())

    async def what_if(self, orders: Sequence[Order]) -> list[MarginEffect]:
        return []

    async def health_check(self) -> Health:
        return Health(True, "it answers")

    def _accept(self, names: Sequence[str]) -> list[Report]:
        self._act()
        self.accepted.append((self.glass.passed, tuple(names)))
        return [Report(ReportKind.ACKNOWLEDGED, name, NOON) for name in names]

    def _act(self) -> None:
        self.calls += 1
        error = self.script.pop(0) if self.script else None
        if error is not None:
            raise error
