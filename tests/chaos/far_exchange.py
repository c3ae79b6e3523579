"""The exchange as a process of its own, with lines to it that break: its server without the sockets.

Who says hello owns the account, and nothing of the owner before arrives any more; a line that broke
is made again by the next question, one that was taken over is not. As ``ExchangeServer`` and
``SocketLine`` have it.
"""

from collections.abc import Callable
from contextlib import suppress

import psycopg
from chaos.processes import Died, Process

from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.faults import FaultPlan
from orderworks.brokers.simulated.faulty import FaultyLine
from orderworks.brokers.simulated.messages import MESSAGE_OF, Answer, Hello, Request
from orderworks.brokers.simulated.server import ServedExchange
from orderworks.model.clock import Clock
from orderworks.model.errors import BrokerError, Disconnected


class FarExchange:
    """The exchange's process: when it has died, another stands in its place for the next request."""

    def __init__(self, opens: Callable[[], SimulatedExchange], begins: Callable[[], Process]) -> None:
        self.owner: FarLine | None = None
        self._opens = opens
        self._begins = begins
        self._process: Process | None = None
        self._served: ServedExchange | None = None

    async def ask(self, request: Request) -> Answer:
        if self._process is None or not self._process.is_alive:
            self._process, self._served = self._begins(), None
        try:
            with self._process.running():
                if self._served is None:
                    self._served = ServedExchange(self._opens)
                return await self._served.ask(request)
        except Died:
            self.owner = None
            raise Disconnected("the exchange's process ended") from None
        except psycopg.Error as error:
            raise BrokerError("the exchange cannot be reached: it did not start") from error

    async def close(self) -> None:
        if self._served is not None:
            with suppress(Died):
                await self._served.close()


class FarLine:
    """A worker's line to the far exchange."""

    name = "the far exchange"

    def __init__(
        self, exchange: FarExchange, worker: Process, plan: FaultPlan, clock: Clock
    ) -> None:
        self._exchange = exchange
        self._faulty = FaultyLine(_Arrival(self, exchange, worker), plan, clock)
        self._hello: Hello | None = None
        self._is_connected = False

    async def ask(self, request: Request) -> Answer:
        if isinstance(request, Hello):
            self._hello = request
        elif self._hello is None:
            raise BrokerError(f"{self.name} is not connected; connect first")
        try:
            if not self._is_connected:
                welcome = await self._faulty.ask(self._hello)
                self._is_connected = True
                if isinstance(request, Hello):
                    return welcome
            return await self._faulty.ask(request)
        except Disconnected:
            self._hang_up()
            raise

    async def close(self) -> None:
        self.taken_over()
        await self._faulty.close()

    def taken_over(self) -> None:
        """The line is not made again unasked."""
        self._hello = None
        self._hang_up()

    def _hang_up(self) -> None:
        self._is_connected = False
        if self._exchange.owner is self:
            self._exchange.owner = None


class _Arrival:
    """Where a worker's messages arrive at the exchange, and its answers leave."""

    name = "the far exchange"

    def __init__(self, line: FarLine, exchange: FarExchange, worker: Process) -> None:
        self._line = line
        self._exchange = exchange
        self._worker = worker

    async def ask(self, request: Request) -> Answer:
        message = MESSAGE_OF[type(request)]
        self._worker.comes_to(f"the message {message} is on its way")
        owner = self._exchange.owner
        if isinstance(request, Hello):
            self._exchange.owner = self._line
        elif owner is None:
            raise Disconnected(f"the line to {self.name} broke before {message} arrived")
        elif owner is not self._line:
            self._line.taken_over()
            raise BrokerError(f"{self.name} refused: another client took the account over")
        answer = await self._exchange.ask(request)
        self._worker.comes_to(f"the answer to {message} is on its way")
        return answer

    async def close(self) -> None:
        """The exchange goes on."""
