"""The simulated exchange as a server of its own, on loopback, with its own durable record.

One client at a time owns the account: a newer one takes it over, and the older one is told and cut
off. What one request changed is committed before it is answered, so a killed server has lost
nothing that it answered. Nothing that arrives can end it.
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import date

from orderworks.brokers.adapter import Report
from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.line import Line
from orderworks.brokers.simulated.messages import (
    LINE_LIMIT,
    Advance,
    Answer,
    AskOrder,
    AskPortfolio,
    AskSnapshot,
    AskTime,
    AskWhatIf,
    Cancel,
    Hello,
    Refusal,
    Replace,
    Request,
    Submit,
    answer_line,
    number_of,
    read_request,
)
from orderworks.brokers.simulated.record import ExchangeRecord
from orderworks.brokers.simulated.terms import Terms
from orderworks.brokers.simulated.wire import Malformed
from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import (
    BrokerError,
    Disconnected,
    OrderworksError,
    PacingRefused,
    Unanswered,
)
from orderworks.model.loopback import LOOPBACK

log = logging.getLogger(__name__)


class ServedExchange:
    """The far end of a line: the exchange itself.

    Where something unforeseen fails in it, what it has in memory is not to be trusted: it is closed,
    and opened again from its record for the next request.
    """

    name = "the simulated exchange"

    def __init__(self, opens: Callable[[], SimulatedExchange]) -> None:
        self._opens = opens
        self._open: SimulatedExchange | None = opens()

    async def ask(self, request: Request) -> Answer:
        try:
            if self._open is None:
                self._open = self._opens()
            return _answer(self._open, request)
        except OrderworksError:
            raise
        except Exception as error:
            log.exception("request failed: %.1000r", request)
            await self.close()
            raise BrokerError(
                f"something failed within it ({type(error).__name__}: {error}); a snapshot shows "
                "what was done, and its log tells where"
            ) from error

    async def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


class ExchangeServer:
    """Serves one account's line to clients on loopback."""

    def __init__(self, line: Line, account: str, session: date) -> None:
        self._line = line
        self._account = account
        self._session = session
        self._owner: _Connection | None = None
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> int:
        """Listens on a port, 0 for any that is free; returns which.

        Raises:
            BrokerError: if the port is taken.
        """
        try:
            self._server = await asyncio.start_server(self._serve, LOOPBACK, port, limit=LINE_LIMIT)
        except OSError as error:
            raise BrokerError(
                f"the exchange cannot listen on {LOOPBACK}:{port}: {error.strerror}; pass another "
                "--port, or 0 for any that is free"
            ) from error
        chosen: int = self._server.sockets[0].getsockname()[1]
        return chosen

    @property
    def addresses(self) -> list[str]:
        """The addresses that it listens on."""
        sockets = () if self._server is None else self._server.sockets
        return [listening.getsockname()[0] for listening in sockets]

    async def close(self) -> None:
        """Cuts every client off and closes the exchange."""
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*(connection.cut() for connection in self._connections))
        await self._line.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(reader, writer)
        self._connections.add(connection)
        try:
            # A line without an end is what a client left that died while it was writing.
            while (line := await reader.readline()).endswith(b"\n"):
                await self._take(connection, line)
        except ValueError:
            connection.tell(None, Refusal(f"a line is longer than {LINE_LIMIT} bytes"))
        except (Disconnected, ConnectionError, asyncio.CancelledError):
            # The line is down, or was cut: that ends this task, and nobody waits for what it says.
            pass
        finally:
            self._connections.discard(connection)
            if self._owner is connection:
                self._owner = None
            connection.end()

    async def _take(self, connection: "_Connection", line: bytes) -> None:
        """Answers one line, or passes over it in silence where its answer is lost."""
        try:
            number, request = read_request(line)
        except Malformed as error:
            connection.tell(number_of(line), Refusal(f"a message is malformed: {error}"))
            return
        answer: Answer | Refusal
        try:
            self._require_admitted(connection, request)
            answer = await self._line.ask(request)
            # Of a client that hung up meanwhile a newer connection may have the account by now.
            if isinstance(request, Hello) and not connection.is_gone:
                await self._hand_over(connection)
        except Unanswered:
            return
        except Disconnected:
            raise
        except OrderworksError as error:
            answer = Refusal(str(error), too_fast=isinstance(error, PacingRefused))
        connection.tell(number, answer)
        await connection.sent()

    def _require_admitted(self, connection: "_Connection", request: Request) -> None:
        """Anyone may say hello to this account's session and ask for the time; its owner may all."""
        if isinstance(request, Hello):
            if request.account != self._account:
                raise BrokerError(
                    f"account {request.account} is not served here, account {self._account} is; "
                    "correct broker.simulated.account or broker.simulated.server"
                )
            if request.session not in (None, self._session):
                raise BrokerError(
                    f"session {request.session} is not served here, session {self._session} is; "
                    "start the exchange with the session that is to be traded"
                )
        elif connection is not self._owner and not isinstance(request, AskTime):
            raise BrokerError("who has not said hello may only ask for the time; connect again")
        if isinstance(request, Submit):
            for order in request.orders:
                if order.account != self._account:
                    raise BrokerError(
                        f"order {order.client_order_id} is of account {order.account}, and account "
                        f"{self._account} is served here; send it to its own exchange"
                    )

    async def _hand_over(self, connection: "_Connection") -> None:
        """The account's owner is who said hello last; nothing of the one before arrives any more."""
        before, self._owner = self._owner, connection
        if before is not None and before is not connection:
            before.tell(None, Refusal(f"another client took account {self._account} over"))
            await before.cut()


class _Connection:
    """One client's connection, in the task that serves it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._task = asyncio.current_task()

    @property
    def is_gone(self) -> bool:
        """Whether the client has hung up."""
        return self._reader.at_eof()

    def tell(self, number: int | None, answer: Answer | Refusal) -> None:
        self._writer.write(answer_line(number, answer))

    async def sent(self) -> None:
        """Returns when the client keeps up with what it is told."""
        await self._writer.drain()

    async def cut(self) -> None:
        """Ends the task: what it has not passed to the exchange by now never gets there."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def end(self) -> None:
        self._writer.close()


async def serve(server: ExchangeServer, port: int, announce: Callable[[str], None] = print) -> None:
    """Serves until the process is told to end by SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Where a loop takes no signals, an interrupt ends the process by itself.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    try:
        announce(f"listening on {LOOPBACK}:{await server.start(port)}")
        await stopped.wait()
    finally:
        await server.close()


def opens_exchange(
    url: str, market: RecordedMarket, session: Session, terms: Terms
) -> Callable[[], SimulatedExchange]:
    """What opens the exchange on its record, as often as it is asked to."""

    def open_exchange() -> SimulatedExchange:
        record = ExchangeRecord(url, terms.account)
        try:
            return SimulatedExchange(record, market, session, terms)
        except BaseException:
            record.close()
            raise

    return open_exchange


def _answer(exchange: SimulatedExchange, request: Request) -> Answer:
    match request:
        case Submit(orders, at):
            crash_point(CrashPoint.EXCHANGE_BEFORE_RECORD)
            reports = exchange.submit(orders, at)
            crash_point(CrashPoint.EXCHANGE_RECORDED)
            return _reported(exchange, reports)
        case Cancel(client_order_ids, at):
            crash_point(CrashPoint.EXCHANGE_BEFORE_CANCEL)
            reports = exchange.cancel(client_order_ids, at)
            crash_point(CrashPoint.EXCHANGE_CANCELLED)
            return _reported(exchange, reports)
        case Replace(replacements, at):
            crash_point(CrashPoint.EXCHANGE_BEFORE_REPLACE)
            reports = exchange.replace(replacements, at)
            crash_point(CrashPoint.EXCHANGE_REPLACED)
            return _reported(exchange, reports)
        case Advance(until):
            reports = exchange.advance(until)
            crash_point(CrashPoint.EXCHANGE_WENT_ON)
            return _reported(exchange, reports)
        case AskOrder(client_order_id):
            return Answer(exchange.now, order=exchange.order(client_order_id))
        case AskPortfolio():
            return Answer(exchange.now, portfolio=exchange.portfolio())
        case AskWhatIf(orders):
            return Answer(exchange.now, effects=tuple(exchange.what_if(orders)))
        case AskSnapshot():
            return Answer(exchange.now, snapshot=exchange.snapshot())
        case Hello() | AskTime():
            return Answer(exchange.now)


def _reported(exchange: SimulatedExchange, reports: list[Report]) -> Answer:
    return Answer(exchange.now, tuple(reports))
