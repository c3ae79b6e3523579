"""The desk of one account: everything that working its orders needs, opened and closed together."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import LiteralString

import psycopg

from orderworks.brokers.adapter import BrokerAdapter
from orderworks.brokers.patience import Patience
from orderworks.desk.interpreter import suited_to_desks
from orderworks.desk.publishing import FillStream
from orderworks.desk.renewal import Renewal
from orderworks.ledger.accounts import open_account
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.leases import (
    Lease,
    give_back,
    lease_holder,
    require_lease,
    take_lease,
)
from orderworks.ledger.route_history import RouteHistory
from orderworks.market.calendar import Session
from orderworks.market.data import MarketData
from orderworks.model.clock import Clock, is_replayed
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import BrokerError, LeaseLost
from orderworks.settings import Settings

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
"""How often a process that waits for an account looks whether it is free."""

PLANNING_TURN = 0x0DE5_0003
"""The advisory locks, one an account, that plans take turns by."""


@dataclass(slots=True)
class Desk:
    """One account, one session, and the tools to work it with."""

    settings: Settings
    url: str = field(repr=False)
    """Of the ledger's database; it may hold a password."""
    ledger: Ledger
    session: Session
    market: MarketData
    broker: BrokerAdapter
    clock: Clock
    patience: Patience
    fills: FillStream | None = None
    """Where booked fills are published to, if anywhere."""
    lease: Lease | None = None
    route_history: RouteHistory = field(default_factory=RouteHistory, repr=False)
    """What was read so far of what routes cost of late."""
    _told: str | None = field(default=None, repr=False)
    """Who was last said to work the account instead of us."""
    _renewal: Renewal | None = field(default=None, repr=False)
    _loss: Exception | None = field(default=None, repr=False)
    """Why the lease is lost, as far as its renewal has told."""
    _leaving: asyncio.Task[None] | None = field(default=None, repr=False)
    _writing: asyncio.Future[None] | None = field(default=None, repr=False)

    @property
    def account(self) -> str:
        return self.broker.account

    @property
    def held_lease(self) -> Lease:
        """The lease, for work that may only be done under it."""
        if self.lease is None:
            holder = lease_holder(self.ledger, self.account) or "nobody"
            raise LeaseLost(f"account {self.account} is worked by {holder}, not by this process")
        return self.lease

    @property
    def stale_after(self) -> timedelta:
        return timedelta(seconds=self.settings.market.stale_after_seconds)

    async def take_over(self, *, preempts: bool = False) -> bool:
        """Takes the lease and connects to the broker; False while another worker has the account.

        Args:
            preempts: whether it is taken from whoever has it.
        """
        if self.lease is not None:
            return True
        ttl = self.settings.lease.ttl_seconds
        lease = take_lease(self.ledger, self.account, holder_name(), ttl, preempts=preempts)
        if lease is None:
            self._tell_holder()
            return False
        crash_point(CrashPoint.LEASE_TAKEN)
        self.lease, self._loss = lease, None
        self._renewal = Renewal(self.url, lease, self._leave)
        try:
            await self.broker.connect()
        except BaseException:
            # A lease without a broker would keep the account from whoever can work it.
            await self.hand_back()
            raise
        crash_point(CrashPoint.BROKER_CONNECTED)
        return True

    def _leave(self, loss: Exception) -> None:
        """Hangs up, whatever is being asked or heard: a broker may let in one client of a kind only.

        What used the line meanwhile fails, and ``require_lease`` says why.
        """
        self._loss = loss
        self._leaving = asyncio.create_task(self.broker.close())

    def tell_loss(self, failure: Exception) -> None:
        """Raises why the lease was lost, where something failed as its line to the broker was left."""
        if self._loss is not None:
            raise self._loss from failure

    def _tell_holder(self) -> None:
        holder = lease_holder(self.ledger, self.account)
        if holder is not None and holder != self._told:
            log.info("account %s is worked by %s; this process watches", self.account, holder)
            self._told = holder

    async def require_lease(self) -> None:
        """Raises LeaseLost if the account is another worker's by now, or what its renewal failed with."""
        await self.let_writing_end()
        require_lease(self.ledger, self.held_lease)
        if self._loss is not None:
            raise self._loss

    async def regain_broker(self) -> None:
        """Makes the line to the broker anew, after it broke.

        Raises:
            LeaseLost: and the line of whoever has the account now is left alone.
        """
        await self.require_lease()
        await self.broker.close()
        await self.broker.connect()

    async def write(self, work: Callable[[], None]) -> None:
        """Lets a thread do a write of the ledger, once the one before it is done.

        Meanwhile the broker can be worked with; whoever reads the ledger awaits ``written`` first.

        Raises:
            Whatever the write before failed with.
        """
        await self.written()
        # It begins at once, and not with the loop's next turn: whoever asked may go on computing.
        loop, context = asyncio.get_running_loop(), copy_context()
        self._writing = loop.run_in_executor(None, context.run, work)

    async def written(self) -> None:
        """Returns when nothing is being written any more; raises what that failed with."""
        writing = await self.let_writing_end()
        if writing is not None:
            writing.result()

    async def keep_up(self) -> None:
        """Awaits ``written`` where the market goes on by itself: it may have nothing more to tell for long.

        One that is replayed waits to be asked, and what is being written need not be waited for.
        """
        if not is_replayed(self.clock):
            await self.written()

    async def let_writing_end(self) -> asyncio.Future[None] | None:
        """Returns when nothing is being written any more, with what was, however that ended."""
        writing = self._writing
        if writing is not None:
            await asyncio.wait([writing])
            self._writing = None
        return writing

    async def publish_fills(self) -> None:
        """Publishes what was booked and not published yet, as far as that can be done at once."""
        if self.fills is not None:
            await self.let_writing_end()
            await self.fills.catch_up(self.url, self.account)

    async def wait_for_account(self, patience_seconds: float) -> None:
        """Takes the lease as soon as it is free.

        Raises:
            LeaseLost: naming the holder, if that takes longer than ``patience_seconds``.
        """
        for _ in range(max(1, round(patience_seconds / POLL_SECONDS))):
            if await self.take_over():
                return
            await asyncio.sleep(POLL_SECONDS)
        raise LeaseLost(
            f"account {self.account} is still worked by "
            f"{lease_holder(self.ledger, self.account) or 'another worker'} after "
            f"{patience_seconds:g} s; try again when that run has ended"
        )

    async def hand_back(self) -> None:
        """Disconnects from the broker and gives the lease back."""
        await self.let_writing_end()
        if self._renewal is not None:
            await self._renewal.end()
            self._renewal = None
        if self._leaving is not None:
            await asyncio.wait([self._leaving])
            self._leaving = None
        try:
            await self.broker.close()
        finally:
            if self.lease is not None:
                # The account frees itself when this process ends; a dead database must not hide why.
                with contextlib.suppress(psycopg.Error):
                    give_back(self.ledger, self.lease)
                self.lease = None
                crash_point(CrashPoint.LEASE_GIVEN_BACK)

    @asynccontextmanager
    async def planning_turn(self) -> AsyncIterator[None]:
        """One plan of the account at a time, each netted against those before it, at their time."""
        turn = (PLANNING_TURN, self.account)
        while not self._asked("SELECT pg_try_advisory_lock(%s, hashtext(%s)) AS done", turn):
            await asyncio.sleep(POLL_SECONDS)
        try:
            # Another worker of the account may have taken a replayed market further meanwhile.
            reached = await self.broker.market_time()
            if reached is not None:
                await self.clock.sleep_until(reached)
            yield
        finally:
            with contextlib.suppress(psycopg.Error):
                self._asked("SELECT pg_advisory_unlock(%s, hashtext(%s)) AS done", turn)

    def _asked(self, question: LiteralString, parameters: tuple[object, ...]) -> bool:
        row = self.ledger.execute(question, parameters).fetchone()
        return row is not None and bool(row["done"])


@asynccontextmanager
async def open_desk(
    settings: Settings,
    url: str,
    session: Session,
    market: MarketData,
    broker: BrokerAdapter,
    clock: Clock,
) -> AsyncIterator[Desk]:
    """Opens the ledger and the account; on the way out, hands back whatever was taken."""
    with suited_to_desks():
        ledger = open_ledger(url)
        patience = patience_with_broker(settings)
        desk = Desk(settings, url, ledger, session, market, broker, clock, patience)
        try:
            open_account(ledger, broker.account, broker.mode, broker.provider)
            try:
                yield desk
            except (BrokerError, psycopg.Error) as error:
                desk.tell_loss(error)
                raise
        finally:
            await desk.hand_back()
            ledger.close()


def patience_with_broker(settings: Settings) -> Patience:
    """How long a broker is waited for, by processes that do not all come back at once."""
    draws = Random(holder_name())
    return Patience(settings.broker.patience_seconds, draws)


def holder_name() -> str:
    """This process, as others are told of it."""
    return f"process {os.getpid()} on {socket.gethostname()}"
