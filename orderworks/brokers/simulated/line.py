"""A line to a broker: what can be asked over it, and the broker adapter at the near end of one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Protocol

from orderworks.brokers.adapter import BrokerOrder, Health, MarginEffect, Report, Snapshot
from orderworks.brokers.simulated.messages import (
    Advance,
    Answer,
    AskOrder,
    AskPortfolio,
    AskSnapshot,
    AskTime,
    AskWhatIf,
    Cancel,
    Hello,
    Replace,
    Request,
    Submit,
)
from orderworks.model.clock import Clock
from orderworks.model.errors import BrokerError, SnapshotIncomplete, Unanswered
from orderworks.model.order import Order, Replacement
from orderworks.model.portfolio import Portfolio


class Line(Protocol):
    """Carries requests to a broker, one at a time, and its answers back."""

    name: str
    """Who is at the far end, as a sentence calls it."""

    async def ask(self, request: Request) -> Answer:
        """The broker's answer.

        Raises:
            Unanswered: none came in time.
            Disconnected: the line broke.
            Unreachable: there is no line; the broker did not receive the request.
            PacingRefused: the broker was asked too fast and did not look at the request.
            BrokerError: the broker refused.
        """

    async def close(self) -> None:
        """Hangs up."""


class LineBroker:
    """Trades one account over a line.

    Orders of a request that stays unanswered get no report: their fate is unknown. Reports that
    come with a later answer than their own are passed on with the next that are asked for.
    """

    def __init__(
        self,
        line: Line,
        provider: str,
        account: str,
        mode: str,
        clock: Clock,
        session: date | None = None,
    ) -> None:
        self.provider = provider
        self.account = account
        self.mode = mode
        self._line = line
        self._clock = clock
        self._session = session
        self._reached: datetime | None = None
        self._arrived: list[Report] = []

    async def market_time(self) -> datetime | None:
        return self._reached

    async def connect(self) -> None:
        await self._ask(Hello(self.account, self._session))

    async def close(self) -> None:
        await self._line.close()

    async def prepare(self, symbols: Sequence[str]) -> None:
        """Nothing has to be asked."""

    async def room_for(self, messages: int) -> int:
        return messages

    async def submit_orders(self, orders: Sequence[Order]) -> list[Report]:
        return await self._reports(Submit(tuple(orders), self._clock.now()))

    async def cancel_orders(self, client_order_ids: Sequence[str]) -> list[Report]:
        return await self._reports(Cancel(tuple(client_order_ids), self._clock.now()))

    async def replace_orders(self, replacements: Sequence[Replacement]) -> list[Report]:
        return await self._reports(Replace(tuple(replacements), self._clock.now()))

    async def events(self, until: datetime) -> AsyncIterator[list[Report]]:
        """Raises BrokerError where no answer came: what was reported is in the next snapshot."""
        await self._ask(Advance(until))
        if reports := self._take_arrived():
            yield reports

    async def get_order_status(self, client_order_id: str) -> BrokerOrder | None:
        return (await self._ask(AskOrder(client_order_id))).order

    async def get_portfolio(self) -> Portfolio:
        portfolio = (await self._ask(AskPortfolio())).portfolio
        if portfolio is None:
            raise BrokerError(f"{self._line.name} answered without a portfolio; see its log")
        return portfolio

    async def what_if(self, orders: Sequence[Order]) -> list[MarginEffect]:
        return list((await self._ask(AskWhatIf(tuple(orders)))).effects)

    async def snapshot(self) -> Snapshot:
        try:
            snapshot = (await self._ask(AskSnapshot())).snapshot
        except Unanswered as silence:
            raise SnapshotIncomplete(f"no snapshot: {silence}") from silence
        if snapshot is None:
            raise SnapshotIncomplete(f"{self._line.name} answered without a snapshot; see its log")
        return snapshot

    async def health_check(self) -> Health:
        try:
            answer = await self._ask(AskTime())
        except BrokerError as error:
            return Health(False, str(error))
        return Health(True, f"{self._line.name} at {answer.now:%Y-%m-%d %H:%M:%S} UTC")

    async def _reports(self, request: Submit | Cancel | Replace) -> list[Report]:
        # Silence proves neither that the request arrived nor that it did not.
        with suppress(Unanswered):
            await self._ask(request)
        return self._take_arrived()

    async def _ask(self, request: Request) -> Answer:
        answer = await self._line.ask(request)
        self._reached = answer.now
        self._arrived += answer.reports
        await self._clock.sleep_until(answer.now)
        return answer

    def _take_arrived(self) -> list[Report]:
        arrived, self._arrived = self._arrived, []
        return arrived
