"""Any broker, asked no faster than it likes and again where that can do no harm.

Reading does no harm: it is repeated while patience lasts. An order, a cancel or a change that was not
answered may have arrived: it is never repeated here; a snapshot must show first what became of it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from orderworks.brokers.adapter import (
    BrokerAdapter,
    BrokerOrder,
    Health,
    MarginEffect,
    Report,
    Snapshot,
)
from orderworks.brokers.pacing import TokenBucket
from orderworks.brokers.patience import BROKEN_LINE, MENDED_BY_WAITING, Patience
from orderworks.model.errors import PacingRefused, SnapshotIncomplete
from orderworks.model.order import Order, Replacement
from orderworks.model.portfolio import Portfolio

Item = TypeVar("Item")
Read = TypeVar("Read")

READ_AGAIN = (*MENDED_BY_WAITING, SnapshotIncomplete)


class PacedBroker:
    """A broker behind a token bucket.

    Args:
        bucket: the pace of orders, cancels and changes; None leaves it to the broker.
        patience: how long a broken line, or a broker that is asked too fast, is waited for.
    """

    def __init__(
        self, broker: BrokerAdapter, bucket: TokenBucket | None, patience: Patience
    ) -> None:
        self.provider = broker.provider
        self.account = broker.account
        self.mode = broker.mode
        self._broker = broker
        self._bucket = bucket
        self._patience = patience
        self._timer = patience.timer
        self._slowing = patience.begin()

    async def market_time(self) -> datetime | None:
        return await self._repeated(self._broker.market_time)

    async def connect(self) -> None:
        await self._repeated(self._broker.connect)

    async def close(self) -> None:
        await self._broker.close()

    async def prepare(self, symbols: Sequence[str]) -> None:
        await self._broker.prepare(symbols)

    async def room_for(self, messages: int) -> int:
        if self._bucket is None:
            return await self._broker.room_for(messages)
        room = min(messages, self._bucket.burst)
        while seconds := self._bucket.wait(room, self._timer.now()):
            await self._timer.sleep(seconds)
        return room

    async def submit_orders(self, orders: Sequence[Order]) -> list[Report]:
        return await self._send(orders, self._broker.submit_orders)

    async def replace_orders(self, replacements: Sequence[Replacement]) -> list[Report]:
        return await self._send(replacements, self._broker.replace_orders)

    async def cancel_orders(self, client_order_ids: Sequence[str]) -> list[Report]:
        """What came too fast is asked for again: a cancel needs nobody's permission."""
        return await self._send(client_order_ids, self._broker.cancel_orders, again=True)

    def events(self, until: datetime) -> AsyncIterator[list[Report]]:
        return self._broker.events(until)

    async def get_order_status(self, client_order_id: str) -> BrokerOrder | None:
        return await self._repeated(lambda: self._broker.get_order_status(client_order_id))

    async def get_portfolio(self) -> Portfolio:
        return await self._repeated(self._broker.get_portfolio)

    async def what_if(self, orders: Sequence[Order]) -> list[MarginEffect]:
        """Not repeated: brokers count such questions."""
        return await self._broker.what_if(orders)

    async def snapshot(self) -> Snapshot:
        return await self._repeated(self._broker.snapshot)

    async def health_check(self) -> Health:
        return await self._broker.health_check()

    async def _send(
        self,
        items: Sequence[Item],
        call: Callable[[Sequence[Item]], Awaitable[list[Report]]],
        *,
        again: bool = False,
    ) -> list[Report]:
        """Sends at the broker's pace; what is left when something goes wrong gets no report.

        Args:
            again: whether what came too fast is sent again, instead of told.

        Raises:
            PacingRefused: after the wait that it asks for; the broker has taken nothing.
            BrokerError: where patience ended, or nothing was answered at all.
        """
        said: list[Report] = []
        sent = 0
        while sent < len(items):
            chunk = items[sent : sent + await self.room_for(len(items) - sent)]
            if self._bucket is not None:
                self._bucket.take(len(chunk), self._timer.now())
            try:
                said += await call(chunk)
            except PacingRefused as refused:
                await self._slow_down(refused)
                if again:
                    continue
                if not sent:
                    raise
                break
            except BROKEN_LINE:
                if not sent:
                    raise
                break
            self._slowing = self._patience.begin()
            sent += len(chunk)
        return said

    async def _slow_down(self, refused: PacingRefused) -> None:
        if self._bucket is not None:
            self._bucket.penalise(self._timer.now())
        await self._slowing.after(refused)

    async def _repeated(self, read: Callable[[], Awaitable[Read]]) -> Read:
        waiting = self._patience.begin()
        while True:
            try:
                return await read()
            except READ_AGAIN as error:
                await waiting.after(error)
