"""The simulated exchange in another process, as a broker: a client of ``orderworks exchange serve``.

A line that broke is made again by the next question, so that whoever works the account goes on
once the server is back. A line that another client of the account took over is not: that client
would lose it in turn.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime

from orderworks.brokers.adapter import Report
from orderworks.brokers.simulated.line import LineBroker
from orderworks.brokers.simulated.messages import (
    LINE_LIMIT,
    Answer,
    AskTime,
    Hello,
    Refusal,
    Request,
    read_answer,
    request_line,
)
from orderworks.brokers.simulated.wire import Malformed
from orderworks.model.clock import Clock
from orderworks.model.errors import (
    BrokerError,
    Disconnected,
    PacingRefused,
    Unanswered,
    Unreachable,
)
from orderworks.model.loopback import LOOPBACK

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
"""A whole session of 10,000 orders is traded and recorded in less."""


class RemoteSimulatedBroker(LineBroker):
    """Trades one account at a simulated exchange that listens on a port of this machine.

    Args:
        session: the session that the exchange must be serving.
        patience: seconds that an answer may take.
    """

    def __init__(
        self,
        port: int,
        account: str,
        session: date,
        clock: Clock,
        patience: float = ANSWER_SECONDS,
    ) -> None:
        self._port = port
        self._socket = SocketLine(port, patience)
        super().__init__(self._socket, "simulated", account, "simulated", clock, session)

    async def market_time(self) -> datetime | None:
        """While this client is not connected, another may be moving the market: the server knows."""
        return self._reached if self._socket.is_connected else await market_time_at(self._port)


async def market_time_at(port: int, patience: float = CONNECT_SECONDS) -> datetime:
    """How far the exchange at a port has come; whoever is connected to it stays so.

    Raises:
        Unreachable: if it does not answer.
    """
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=LINE_LIMIT)
            try:
                writer.write(request_line(1, AskTime()))
                line = await reader.readuntil(b"\n")
            finally:
                writer.close()
    except asyncio.IncompleteReadError:
        raise _unreachable(port, "the line broke") from None
    except OSError as error:
        raise _unreachable(port, str(error)) from error
    _, answer = _read(_name(port), line)
    if isinstance(answer, Refusal):
        raise _refused(_name(port), answer)
    return answer.now


class SocketLine:
    """A line to the exchange at a port of this machine."""

    def __init__(self, port: int, patience: float) -> None:
        self.name = _name(port)
        self._port = port
        self._patience = patience
        self._turn = asyncio.Lock()
        self._link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._hello: Hello | None = None
        self._number = 0
        self._late: list[Report] = []

    @property
    def is_connected(self) -> bool:
        return self._link is not None

    async def ask(self, request: Request) -> Answer:
        async with self._turn:
            if isinstance(request, Hello):
                self._hello = request
            elif self._hello is None:
                raise BrokerError(f"{self.name} is not connected; connect first")
            if self._link is None:
                welcome = await self._connect(self._hello)
                if isinstance(request, Hello):
                    return welcome
            return await self._exchange(request)

    async def close(self) -> None:
        self._hello = None
        await self._hang_up()

    async def _connect(self, hello: Hello) -> Answer:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._link = await asyncio.open_connection(LOOPBACK, self._port, limit=LINE_LIMIT)
            return await self._exchange(hello)
        except (OSError, Unanswered) as error:
            await self._hang_up()
            raise _unreachable(self._port, str(error)) from error
        except BrokerError:
            await self._hang_up()
            raise

    async def _exchange(self, request: Request) -> Answer:
        """One request and its answer; what only now answers earlier ones comes with it."""
        if self._link is None:
            raise BrokerError(f"{self.name} is not connected; connect first")
        reader, writer = self._link
        self._number += 1
        try:
            async with asyncio.timeout(self._patience):
                writer.write(request_line(self._number, request))
                await writer.drain()
                answer = await self._await_answer(reader)
        except TimeoutError as error:
            raise Unanswered(
                f"{self.name} did not answer within {self._patience:g} s; whether it received the "
                "request is unknown until a snapshot shows it"
            ) from error
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            await self._hang_up()
            raise Disconnected(
                f"the line to {self.name} broke; whether it received the last request is unknown "
                "until a snapshot shows it; see that it runs and try again"
            ) from error
        except BrokerError:
            await self._hang_up()
            raise
        if isinstance(answer, Refusal):
            raise _refused(self.name, answer)
        late, self._late = self._late, []
        return replace(answer, reports=(*late, *answer.reports))

    async def _await_answer(self, reader: asyncio.StreamReader) -> Answer | Refusal:
        while True:
            number, answer = _read(self.name, await reader.readuntil(b"\n"))
            if number == self._number:
                return answer
            if number is None:
                # About the line itself, which ends with it: not to be made again unasked.
                await self.close()
                return answer
            if isinstance(answer, Answer):
                self._late += answer.reports

    async def _hang_up(self) -> None:
        if self._link is not None:
            _, writer = self._link
            self._link = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _read(name: str, line: bytes) -> tuple[int | None, Answer | Refusal]:
    try:
        return read_answer(line)
    except Malformed as error:
        raise BrokerError(
            f"{name} answered what is no answer: {error}; see what listens there"
        ) from None


def _name(port: int) -> str:
    return f"the simulated exchange at {LOOPBACK}:{port}"


def _refused(name: str, refusal: Refusal) -> BrokerError:
    kind = PacingRefused if refusal.too_fast else BrokerError
    return kind(f"{name} refused: {refusal.error}")


def _unreachable(port: int, why: str) -> Unreachable:
    return Unreachable(
        f"{_name(port)} cannot be reached: {why or 'it did not answer'}; start it with "
        "'orderworks exchange serve', or set broker.simulated.server to where it listens"
    )
