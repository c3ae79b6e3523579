"""The exchange as a process of its own, with lines to it that break: its server without the sockets.

Who says hello owns the account, and nothing of the owner before arrives any more; a line that broke
is made again by the next question, one that was taken over is not. As ``ExchangeServer`` and
``SocketLine`` have it.
"""

from collections.abc import Callable

import psycopg

from chaos.misfortunes import ANSWERED, ON_ITS_WAY
from chaos.processes import Died, Process
from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.faults import FaultPlan
from orderworks.brokers.simulated.faulty import FaultyLine
from orderworks.brokers.simulated.messages import MESSAGE_OF, Answer, Hello, Request
from orderworks.brokers.simulated.server import ServedExchange
from orderworks.model.clock import Clock
from orderworks.model.errors import BrokerError, Disconnected, Unanswered


class FarExchange:
    """The exchange's process: when it has died, another stands in its place for the next request."""

    def __init__(
        self, opens: Callable[[], SimulatedExchange], begins: Callable[[], Process]
    ) -> None:
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

    def require_owner(self, line: "FarLine") -> None:
        """Raises BrokerError where the account is another's by now, or the line broke."""
        if self.owner is None:
            raise Disconnected("the line to the far exchange broke")
        if self.owner is not line:
            line.taken_over()
            raise BrokerError("the far exchange refused: another client took the account over")


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
                welcome = await self._connect(self._hello)
                if isinstance(request, Hello):
                    return welcome
            return await self._faulty.ask(request)
        except Disconnected:
            self._hang_up()
            raise

    async def _connect(self, hello: Hello) -> Answer:
        try:
            welcome = await self._faulty.ask(hello)
        except Unanswered as silence:
            raise BrokerError(f"{self.name} cannot be reached") from silence
        self._is_connected = True
        return welcome

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
        self._worker.comes_to(ON_ITS_WAY.format(message))
        if isinstance(request, Hello):
            self._exchange.owner = self._line
        self._exchange.require_owner(self._line)
        answer = await self._exchange.ask(request)
        self._worker.comes_to(ANSWERED.format(message))
        return answer

    async def close(self) -> None:
        """The exchange goes on."""
