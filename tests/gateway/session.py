"""One client's connection: its handshake, what it sends, what it is told."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from .answers import ANSWERS, Answer
from .arrivals import TimedReader
from .errors import NO_REQUEST, SHOWN_AT_START, Refused, error_text
from .faults import Busy, Correct, CutAfter, CutBefore, Delay, Fault, Late, Lose, RollBack, Twice
from .layouts import Values, frame, read, read_frame, write
from .market_data import Subscription
from .pacing import Pacing, Verdict
from .requests import REQUESTS, Request

if TYPE_CHECKING:
    from .gateway import Gateway

PREFIX = b"API\0"
NOT_STARTED = -1


class Cut(Exception):
    """The connection ends here."""


class Session:
    """One client's connection, from its handshake to its end.

    Attributes:
        muted: the permIds of orders that this client is told nothing of.
        market_data_type: what the client asked for: 1 live to 4 delayed and frozen.
    """

    def __init__(
        self, gateway: "Gateway", reader: TimedReader, writer: asyncio.StreamWriter
    ) -> None:
        self.client_id = NOT_STARTED
        self.version = 0
        self.muted: set[int] = set()
        self.market_data_type = 1
        self.subscriptions: dict[int, Subscription] = {}
        self.sees_positions = self.sees_account = False
        self._gateway, self._reader, self._writer = gateway, reader, writer
        self.pacing = Pacing()
        self._late: list[tuple[int, bytes]] = []
        self._sent = 0

    @property
    def is_open(self) -> bool:
        """Whether the socket has not been cut."""
        return not self._writer.is_closing()

    async def serve(self) -> None:
        """Works until the client leaves or is cut off.

        Raises:
            Unreadable: if what comes is not what the layouts say.
        """
        try:
            await self._shake_hands()
            while self.is_open:
                fields = await read_frame(self._reader)
                self._take(fields)
                await self._writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, Cut):
            pass
        finally:
            self.cut()

    def cut(self) -> None:
        """Closes the socket."""
        self._writer.close()

    async def flushed(self) -> None:
        """Returns when what was told has gone out."""
        with suppress(ConnectionError):
            await self._writer.drain()

    def tell(self, kind: Answer, values: Values | None = None, about: int | None = None) -> None:
        """Sends a message, or does to it what is to befall it.

        Args:
            about: the permId of the order that it is about, where nobody asked for it.
        """
        if about in self.muted or not self.is_open:
            return
        values = values or {}
        fault = self._gateway.faults.befalls(kind)
        self._gateway.log.note(self.client_id, kind, values, fault)
        message = frame([str(kind.value), *write(ANSWERS[kind], values, self.version)])
        match fault:
            case Lose():
                pass
            case CutBefore():
                self.cut()
            case CutAfter():
                self._send(message)
                self.cut()
            case Twice():
                self._send(message)
                self._send(message)
            case Late(answers):
                self._late.append((self._sent + answers, message))
            case Delay(seconds):
                self._gateway.schedule(seconds, lambda: self._send(message))
            case Correct(shares, price):
                self._send(message)
                # Once what is going on is done.
                loop = asyncio.get_running_loop()
                loop.call_soon(self._gateway.correct, values["execId"], shares, price)
            case _:
                self._send(message)

    def error(self, of: int, code: int, about: int | None = None, **parts: object) -> None:
        """Sends an error of a request, an order or, with -1, of none."""
        text = error_text(code, id=of, **parts)
        self.tell(Answer.ERROR, {"id": of, "code": code, "message": text}, about)

    def _send(self, message: bytes) -> None:
        if not self.is_open:
            return
        self._writer.write(message)
        self._sent += 1
        due = [one for one in self._late if one[0] <= self._sent]
        self._late = [one for one in self._late if one[0] > self._sent]
        for _, late in due:
            self._writer.write(late)

    async def _shake_hands(self) -> None:
        if await self._reader.readexactly(len(PREFIX)) != PREFIX:
            raise Cut
        offered = (await read_frame(self._reader))[0]
        versions = offered.removeprefix("v").partition(" ")[0]
        lowest, _, highest = versions.partition("..")
        self.version = min(self._gateway.version, int(highest or lowest))
        self._writer.write(frame([str(self.version), self._gateway.clock.now().isoformat()]))

    def _take(self, fields: list[str]) -> None:
        match self.pacing.take(self._reader.arrived):
            case Verdict.REFUSED:
                self.error(NO_REQUEST, 100, limit=self.pacing.limit)
                return
            case Verdict.CUT:
                self.error(NO_REQUEST, 100, limit=self.pacing.limit)
                raise Cut
        try:
            request = Request(int(fields[0]))
        except (IndexError, ValueError):
            self.error(NO_REQUEST, 321, reason=f"message {fields[:1]} is not known here")
            return
        values = read(REQUESTS[request], iter(fields[1:]), self.version)
        fault = self._gateway.faults.befalls(request)
        client_id = int(values["clientId"]) if request is Request.START_API else self.client_id
        self._gateway.log.note(client_id, request, values, fault, self._reader.arrived)
        if isinstance(fault, Lose):
            return
        if isinstance(fault, CutBefore):
            raise Cut
        self._gateway.catch_up()
        if isinstance(fault, CutAfter):
            self.cut()
        if request is Request.START_API:
            self._start(client_id, fault)
        elif self.client_id != NOT_STARTED:
            self._gateway.carry_out(self, request, values, fault)
        if isinstance(fault, CutAfter):
            raise Cut

    def _start(self, client_id: int, fault: Fault | None) -> None:
        if isinstance(fault, Busy) or self._gateway.session_of(client_id) is not None:
            self.error(NO_REQUEST, 326)
            raise Cut
        if isinstance(fault, RollBack):
            self._gateway.brokerage.book.roll_back(client_id, fault.ids)
        self.client_id = client_id
        self._gateway.sessions.append(self)
        self.tell(Answer.MANAGED_ACCOUNTS, {"accounts": self._gateway.brokerage.account})
        self.tell(
            Answer.NEXT_VALID_ID, {"orderId": self._gateway.brokerage.book.next_id(client_id)}
        )
        for code in (1100,) if self._gateway.link.is_lost else SHOWN_AT_START:
            self.error(NO_REQUEST, code)


def refuse(session: Session, of: int, refused: Refused) -> None:
    """Answers a request with the error that it was refused by."""
    session.tell(Answer.ERROR, {"id": of, "code": refused.code, "message": refused.text})
