"""The connection for market data: in a thread of its own, with a loop of its own.

``MarketData`` is asked from within the loop that works orders, and must answer before it returns; so what
listens to the gateway must go on elsewhere meanwhile. Everything here but ``wait_for`` and ``close`` runs
in that thread.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

from orderworks.brokers.ibkr.connection import Connection
from orderworks.brokers.ibkr.pace import Pace
from orderworks.brokers.ibkr.wire import Hear, ListeningIB
from orderworks.model.errors import BrokerError, Disconnected, Unanswered
from orderworks.settings import IbkrBroker as IbkrSettings

log = logging.getLogger(__name__)

IDS = 8
"""Client ids that data may come under: the first free one of those after that of the orders, since several
processes may look at the market while one of them has the orders."""

AGAIN_SECONDS = 5.0
"""How long a connection that broke is waited for: the desk waits meanwhile, and its quotes age."""

CLOSING_SECONDS = 5.0

Answer = TypeVar("Answer")


def data_ids(client_id: int) -> range:
    """The client ids that market data may come under, where orders go out under ``client_id``."""
    return range(client_id + 1, client_id + 1 + IDS)


class DataLine:
    """One program's connection for market data; it is made by the first question.

    Args:
        hear: told each message, from within the thread.
        pace: of everything that leaves.
    """

    def __init__(self, settings: IbkrSettings, hear: Hear, pace: Pace) -> None:
        ids = data_ids(settings.client_id)
        self._connection = Connection(
            settings.host,
            settings.port,
            ids[0],
            hear,
            pace,
            connect_seconds=settings.connect_seconds,
            ask_seconds=settings.ask_seconds,
            spare_ids=ids[1:],
        )
        self.opened = 0
        """How often it was made: what was followed before has to be asked for again."""
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="ibkr-market-data", daemon=True)
        self._thread.start()

    @property
    def where(self) -> str:
        return self._connection.where

    @property
    def pace(self) -> Pace:
        return self._connection.pace

    @property
    def is_connected(self) -> bool:
        return self._connection.is_connected

    def wait_for(self, work: Coroutine[Any, Any, Answer], seconds: float) -> Answer:
        """What a coroutine that runs in the thread returns; called from any other thread.

        Raises:
            Unanswered: if it takes longer than so many seconds; it is cancelled.
        """
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise Unanswered(
                f"the gateway at {self.where} did not answer a question about the market within "
                f"{seconds:g} s; see that its data farms are connected, and try again"
            ) from None

    def close(self) -> None:
        """Hangs up and ends the thread; called from any other thread.

        One that is busy for longer than CLOSING_SECONDS is not waited for: it ends when it comes to it.
        """
        if not self._thread.is_alive():
            return
        with suppress(BrokerError):
            self.wait_for(self._hang_up(), CLOSING_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSING_SECONDS)

    async def ready(self) -> bool:
        """Whether it is connected, which is tried if it never was, or if it broke.

        Raises:
            Unreachable: if it never was connected, and cannot be.
        """
        if self.is_connected:
            return True
        if not self.opened:
            await self._open()
            return True
        try:
            async with asyncio.timeout(AGAIN_SECONDS):
                await self._open()
        except (TimeoutError, BrokerError) as error:
            log.warning("no market data from %s: %s", self.where, error or "it does not answer")
        return self.is_connected

    async def ask(
        self,
        what: str,
        question: Callable[[ListeningIB], Awaitable[Answer]],
        *,
        paces_itself: bool = False,
    ) -> Answer:
        """The answer to a question, as ``Connection.ask``.

        Raises:
            Unanswered, Disconnected: as there.
        """
        if not await self.ready():
            raise Disconnected(f"the gateway at {self.where} is not connected; nothing was asked")
        return await self._connection.ask(what, question, paces_itself=paces_itself)

    async def _open(self) -> None:
        await self._connection.open()
        self.opened += 1

    async def _hang_up(self) -> None:
        self._connection.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        # What went on for as long as the program runs ends with it.
        going_on = asyncio.all_tasks(self._loop)
        for task in going_on:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*going_on, return_exceptions=True))
        self._loop.close()
