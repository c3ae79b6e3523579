"""The simulated exchange as a broker."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from orderworks.brokers.adapter import BrokerOrder, Health, MarginEffect, Report, Snapshot
from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.record import ExchangeRecord
from orderworks.brokers.simulated.record_schema import reached_by
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket
from orderworks.model.clock import Clock
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import BrokerError
from orderworks.model.order import Order, Replacement
from orderworks.model.portfolio import Portfolio

PART = 2_500
"""Of what happens at the exchange, how much it commits and reports together."""


class SimulatedBroker:
    """Trades one account at the simulated exchange, in this process, on the replay clock.

    Args:
        part: of what happens while the market goes on, how much is committed and reported together: the
            client books one part while the exchange goes through the next.
    """

    provider = "simulated"
    mode = "simulated"

    def __init__(
        self,
        url: str,
        market: RecordedMarket,
        session: Session,
        terms: Terms,
        clock: Clock,
        part: int = PART,
    ) -> None:
        self.account = terms.account
        self._url = url
        self._market = market
        self._session = session
        self._terms = terms
        self._clock = clock
        self._part = part
        self._open: SimulatedExchange | None = None
        self._turn = asyncio.Lock()

    async def market_time(self) -> datetime | None:
        return reached_by(self._url, self.account) if self._open is None else self._open.now

    async def connect(self) -> None:
        if self._open is None:
            record = ExchangeRecord(self._url, self.account)
            try:
                self._open = SimulatedExchange(record, self._market, self._session, self._terms)
            except BaseException:
                record.close()
                raise
        await self._clock.sleep_until(self._exchange.now)

    async def close(self) -> None:
        # It is not closed under a thread that works in it.
        async with self._turn:
            if self._open is not None:
                self._open.close()
                self._open = None

    async def prepare(self, symbols: Sequence[str]) -> None:
        """Nothing has to be asked."""

    async def room_for(self, messages: int) -> int:
        return messages

    async def submit_orders(self, orders: Sequence[Order]) -> list[Report]:
        crash_point(CrashPoint.EXCHANGE_BEFORE_RECORD)
        async with self._turn:
            reports = await asyncio.to_thread(self._exchange.submit, orders, self._clock.now())
        crash_point(CrashPoint.EXCHANGE_RECORDED)
        await self._clock.sleep_until(self._exchange.now)
        return reports

    async def cancel_orders(self, client_order_ids: Sequence[str]) -> list[Report]:
        crash_point(CrashPoint.EXCHANGE_BEFORE_CANCEL)
        reports = self._exchange.cancel(client_order_ids, self._clock.now())
        crash_point(CrashPoint.EXCHANGE_CANCELLED)
        await self._clock.sleep_until(self._exchange.now)
        return reports

    async def replace_orders(self, replacements: Sequence[Replacement]) -> list[Report]:
        crash_point(CrashPoint.EXCHANGE_BEFORE_REPLACE)
        reports = self._exchange.replace(replacements, self._clock.now())
        crash_point(CrashPoint.EXCHANGE_REPLACED)
        await self._clock.sleep_until(self._exchange.now)
        return reports

    async def events(self, until: datetime) -> AsyncIterator[list[Report]]:
        while not self._exchange.is_there(until):
            async with self._turn:
                reports = await asyncio.to_thread(self._exchange.advance, until, self._part)
            crash_point(CrashPoint.EXCHANGE_WENT_ON)
            await self._clock.sleep_until(until)
            if reports:
                yield reports
        # Also where the exchange had gone there before.
        await self._clock.sleep_until(until)

    async def get_order_status(self, client_order_id: str) -> BrokerOrder | None:
        return self._exchange.order(client_order_id)

    async def get_portfolio(self) -> Portfolio:
        return self._exchange.portfolio()

    async def what_if(self, orders: Sequence[Order]) -> list[MarginEffect]:
        return self._exchange.what_if(orders)

    async def snapshot(self) -> Snapshot:
        return self._exchange.snapshot()

    async def health_check(self) -> Health:
        return Health(True, f"simulated exchange at {self._exchange.now:%Y-%m-%d %H:%M:%S} UTC")

    @property
    def _exchange(self) -> SimulatedExchange:
        if self._open is None:
            raise BrokerError(f"the simulated exchange of account {self.account} is not connected")
        return self._open
