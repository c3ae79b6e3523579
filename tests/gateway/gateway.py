"""The gateway: it listens on loopback, keeps the market's time, and tells clients what happens."""

import asyncio
import heapq
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from orderworks.brokers.simulated.server import opens_exchange
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.calendar import Session as TradingSession
from orderworks.market.data import RecordedMarket

from .answers import Answer
from .arrivals import Arrivals, TimedReader
from .board import Board
from .book import BookedOrder
from .book_record import BookRecord
from .brokerage import Brokerage
from .contracts import Contracts
from .dispatch import HANDLERS, ID_OF
from .ear import Ear
from .errors import NO_REQUEST, Refused
from .faults import Fault, Faults, LoseLink, Refuse, Say
from .happenings import Ended, Executed, Failed, Happening
from .layouts import Values
from .link import Link
from .log import Log
from .market_clock import MarketClock
from .queries import show_account, show_positions
from .references import show_ticks
from .requests import Request
from .session import Session, refuse
from .shown import commission, execution, open_order, order_status

PAPER_ACCOUNT, LIVE_ACCOUNT = "DU1234567", "U1234567"
TICK_SECONDS = 0.02
"""How often a clock that runs is looked at, in seconds of the wall."""


def paper_terms(account: str = PAPER_ACCOUNT, cash: Decimal = Decimal(1_000_000)) -> Terms:
    """On which terms the exchange serves the account, unless told otherwise."""
    return Terms(account, cash, participation_cap=0.1, commission="fixed", allow_short=True)


class Gateway:
    """One account's gateway during one session.

    Args:
        url: the PostgreSQL that keeps the broker's record; what it holds outlives the gateway.
        version: the highest server version that is spoken.
        speed: how many seconds of the market pass in one of the wall; at 0 it is moved by
            ``advance`` alone.
        has_live_data: whether the account is subscribed to market data.
        log_path: a file that every message is written to, as a line of JSON.

    Raises:
        BrokerError: if another gateway has the account.
    """

    def __init__(
        self,
        url: str,
        market: RecordedMarket,
        session: TradingSession,
        terms: Terms | None = None,
        *,
        version: int = 178,
        speed: float = 0.0,
        faults: Faults | None = None,
        has_live_data: bool = True,
        log_path: Path | None = None,
    ) -> None:
        terms = terms or paper_terms()
        self.version, self.has_live_data = version, has_live_data
        self.faults, self.log = faults or Faults(), Log(log_path)
        self.sessions: list[Session] = []
        self.contracts = Contracts(market.symbols)
        self.brokerage = Brokerage(
            opens_exchange(url, market, session, terms)(),
            Board(market, session),
            BookRecord(url, terms.account),
            terms,
            self._hear,
        )
        self.link = Link()
        self.clock = MarketClock(self.brokerage.now, speed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ear: Ear | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()
        self._moved: set[str] = set()
        self._shown_at = self.brokerage.now
        self._failures: list[Exception] = []

    async def start(self, port: int = 0) -> int:
        """Listens on a port of loopback, 0 for any that is free; returns which."""
        loop = asyncio.get_running_loop()
        self._ear = Ear(
            port, lambda end, arrivals: loop.call_soon_threadsafe(self._begin, end, arrivals)
        )
        self._ticking = asyncio.create_task(self._tick())
        return self._ear.port

    async def stop(self) -> None:
        """Cuts every client off and closes the broker's record, which keeps what it has.

        Raises:
            ExceptionGroup: of what went wrong in the gateway itself while it ran.
        """
        if self._ticking is not None:
            self._ticking.cancel()
        if self._ear is not None:
            self._ear.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.brokerage.close()
        if self._failures:
            raise ExceptionGroup("the gateway failed", self._failures)

    async def advance(self, seconds: float) -> None:
        """The market goes on by some seconds; returns when clients have been told."""
        await self.advance_to(self.clock.now() + timedelta(seconds=seconds))

    async def advance_to(self, at: datetime) -> None:
        """The market goes on to a time; returns when clients have been told."""
        self.clock.move_to(at)
        self.catch_up()
        await asyncio.gather(*(session.flushed() for session in self.sessions))

    def catch_up(self) -> None:
        """The broker goes on to where the market's time is, doing what falls due on the way."""
        until = self.clock.now()
        while self._due and self._due[0][0] <= until:
            at, _, do = heapq.heappop(self._due)
            self.brokerage.go_on(at)
            do()
        self.brokerage.go_on(until)
        self._show_account()
        self._show_ticks()

    def schedule(self, seconds: float, do: Callable[[], None]) -> None:
        """Does something after some seconds of the market's time."""
        at = self.clock.now() + timedelta(seconds=seconds)
        heapq.heappush(self._due, (at, next(self._numbers), do))

    def session_of(self, client_id: int) -> Session | None:
        """The connection of a client, None if it has none."""
        open_ones = (one for one in self.sessions if one.is_open)
        return next((one for one in open_ones if one.client_id == client_id), None)

    def cut(self, client_id: int) -> None:
        """Cuts a client's socket, now."""
        session = self.session_of(client_id)
        if session is not None:
            session.cut()

    def announce(self, code: int) -> None:
        """Sends every client an error that is of no request: a farm that is down, a 2110."""
        for session in self.sessions:
            session.error(NO_REQUEST, code)

    def lose_link(self, lost: LoseLink) -> None:
        """The gateway is cut off from the broker for some time of the market: 1100."""
        self.link.lose(lost)
        self.announce(1100)
        self.schedule(lost.seconds, self.restore_link)

    def restore_link(self) -> None:
        """The link is there again: 1102, or 1101 where data were lost."""
        restored = self.link.restore()
        if restored is None:
            return
        code, missed, kept = restored
        self.announce(code)
        for happening in missed:
            self._hear(happening)
        for session, request, values in kept:
            self.carry_out(session, request, values, None)

    def correct(self, exec_id: str, shares: int, price: str) -> None:
        """Corrects an execution, and tells so."""
        self.brokerage.correct(exec_id, shares, Decimal(price))
        self._show_account()

    def carry_out(
        self, session: Session, request: Request, values: Values, fault: Fault | None
    ) -> None:
        """Does what a client asks, or answers why not."""
        if self.link.keeps_back(session, request, values):
            return
        of = int(values.get(ID_OF.get(request, ""), NO_REQUEST))
        try:
            if isinstance(fault, Refuse) and request is not Request.PLACE_ORDER:
                raise Refused(fault.code, id=of)
            HANDLERS[request](self, session, values, fault)
            if isinstance(fault, Say):
                session.error(of, fault.code)
        except Refused as refused:
            refuse(session, of, refused)
        if isinstance(fault, LoseLink):
            self.lose_link(fault)
        self._show_account()

    def show(self, order: BookedOrder, to: Session | None = None) -> None:
        """Tells of an order as it is: who placed it, or who asks."""
        session = to or self.session_of(order.client_id)
        if session is None:
            return
        about = order.perm_id if to is None else None
        session.tell(Answer.OPEN_ORDER, open_order(order), about)
        session.tell(Answer.ORDER_STATUS, order_status(order, self._parent_id(order)), about)

    def _parent_id(self, order: BookedOrder) -> int:
        parent = order.parent
        return 0 if parent is None else self.brokerage.book.orders[parent].order_id

    def _hear(self, happening: Happening) -> None:
        """Tells the client whose order it is; where it is not there, it is not told."""
        order = happening.order
        if isinstance(happening, Executed):
            self._moved.add(order.market_symbol)
        if self.link.is_lost:
            self.link.miss(happening)
            return
        session = self.session_of(order.client_id)
        if session is None:
            return
        match happening:
            case Executed(_, one):
                session.tell(Answer.EXECUTION, execution(order, one, NO_REQUEST), order.perm_id)
                self.show(order)
                session.tell(Answer.COMMISSION, commission(one), order.perm_id)
            case Ended(_, code, shown):
                session.error(order.order_id, code, order.perm_id, reason=order.reason)
                if shown:
                    self.show(order)
            case Failed(_, code, reason):
                session.error(
                    order.order_id, code, order.perm_id, reason=reason, state=order.status
                )
            case _:
                self.show(order)

    def _show_account(self) -> None:
        """Tells who follows the account what executions have made of it, once there is a link."""
        if self.link.is_lost:
            return
        moved, self._moved = self._moved, set()
        for session in self.sessions if moved else ():
            if session.sees_positions:
                show_positions(self, session, moved)
            if session.sees_account:
                show_account(self, session, moved)

    def _show_ticks(self) -> None:
        """Tells who follows stocks what has changed, if time has passed and there is a link."""
        if self.link.is_lost:
            return
        before, self._shown_at = self._shown_at, self.brokerage.now
        for session in self.sessions if before != self._shown_at else ():
            for req_id, subscription in session.subscriptions.items():
                show_ticks(self, session, req_id, subscription)

    def _begin(self, end: socket.socket, arrivals: Arrivals) -> None:
        """One client's connection begins."""
        task = asyncio.create_task(self._serve(end, arrivals))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, end: socket.socket, arrivals: Arrivals) -> None:
        reader = TimedReader(arrivals)
        protocol = asyncio.StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: protocol, sock=end)
        session = Session(self, reader, asyncio.StreamWriter(transport, protocol, reader, loop))
        try:
            with suppress(asyncio.CancelledError):
                await session.serve()
        except Exception as error:  # noqa: BLE001
            # It ends this client's connection only; who stops the gateway is told.
            self._failures.append(error)
        finally:
            if session in self.sessions:
                self.sessions.remove(session)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self.clock.speed:
                try:
                    self.catch_up()
                except Exception as error:
                    self._failures.append(error)
                    raise
