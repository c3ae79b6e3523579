"""The connection to a gateway: made with patience, asked one question at a time, each for a bounded time.

A program has one connection for orders. Another one, for market data, takes the client id that follows.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from random import Random
from time import monotonic
from typing import TypeVar

from ib_async import Client, StartupFetch

from orderworks.brokers.ibkr.link import Link
from orderworks.brokers.ibkr.pace import Pace
from orderworks.brokers.ibkr.wire import ErrorSaid, Hear, ListeningIB, Message
from orderworks.model.backoff import delays
from orderworks.model.errors import BrokerError, Disconnected, Unanswered, Unreachable

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 0.25, 5.0
"""Seconds between tries to connect: they double."""

NOTHING = StartupFetch(0)
"""ib_async asks for much when it connects, all at once; a snapshot asks for it in its turn."""
CONNECTING = 2
"""Messages that leave all the same: who connects, and the question for the positions."""

REFUSED_SECONDS = 2.0
"""How long an answer is still waited for once the gateway said that it was asked too fast."""

Answer = TypeVar("Answer")


class Connection:
    """One client's connection to one gateway.

    Args:
        hear: told each message, in order, from within the loop.
        pace: of everything that leaves. Who sends takes a turn of it first, but for a question.
        connect_seconds: that making it may take, tries and waits included.
        ask_seconds: that the answer to a question may take.
        spare_ids: taken in their turn where the client id is in use; for a connection that sends no
            orders, as those can only be changed under the id that they were sent under.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: int,
        hear: Hear,
        pace: Pace,
        *,
        connect_seconds: float,
        ask_seconds: float,
        spare_ids: Iterable[int] = (),
    ) -> None:
        self.where = f"{host}:{port}"
        self.client_id = client_id
        self.pace = pace
        self.link = Link(self.where, pace)
        self._host, self._port = host, port
        self._hear = hear
        self._connect_seconds = connect_seconds
        self._ask_seconds = ask_seconds
        self._draws = Random(client_id)
        self._spare_ids = list(spare_ids)
        self._turn = asyncio.Lock()
        self._ib: ListeningIB | None = None

    @property
    def is_connected(self) -> bool:
        return self._ib is not None and self._ib.client.isReady() and self.link.is_up

    @property
    def is_sound(self) -> bool:
        """Whether orders may be sent: connected, and known whole by a snapshot since."""
        return self.is_connected and self.link.doubt is None

    @property
    def doubt(self) -> str:
        """Why it is not sound; '' where it is."""
        if self.is_sound:
            return ""
        return f"the gateway at {self.where}: {self.link.doubt or 'hung up'}"

    @property
    def client(self) -> Client:
        """Through which messages leave.

        Raises:
            Disconnected: if it is not connected; nothing left.
        """
        return self._connected.client

    @property
    def _connected(self) -> ListeningIB:
        if self._ib is None or not self.is_connected:
            raise Disconnected(f"{self.doubt or self.where}; nothing was sent")
        return self._ib

    async def open(self) -> list[str]:
        """Connects, trying again while there is time; the accounts that the gateway manages.

        A client id that is in use is waited for, unless there are spare ones.

        Raises:
            Unreachable: when time is over, with what was in the way.
        """
        self.close()
        give_up = monotonic() + self._connect_seconds
        for wait in delays(self._draws, FIRST_WAIT, 2.0, LONGEST_WAIT):
            left = give_up - monotonic()
            obstacle = await self._try(max(left, FIRST_WAIT))
            if obstacle is None and self._ib is not None:
                self.link.rise()
                return list(self._ib.client.getAccounts())
            if self.link.id_is_busy and self._spare_ids:
                self.client_id = self._spare_ids.pop(0)
                continue
            if monotonic() + wait > give_up:
                raise Unreachable(
                    f"the gateway at {self.where} cannot be reached as client {self.client_id} within "
                    f"{self._connect_seconds:g} s: {obstacle}"
                )
            log.info("the gateway at %s: %s; trying again", self.where, obstacle)
            await asyncio.sleep(wait)
        raise AssertionError("delays have no end")

    def close(self) -> None:
        """Hangs up."""
        ib, self._ib = self._ib, None
        if ib is not None:
            _hang_up(ib)
        self.link.close()

    async def ask(
        self,
        what: str,
        question: Callable[[ListeningIB], Awaitable[Answer]],
        *,
        paces_itself: bool = False,
    ) -> Answer:
        """The answer to one question; others wait for their turn, as ib_async mixes up their answers.

        A connection over which one stays unanswered is given up: a late answer would be taken for that
        of a later question.

        Args:
            paces_itself: whether it takes the turns of its messages itself; else it is one message.

        Raises:
            Unanswered: none came in time; or the gateway refused what came too fast, and may have refused
                this question, which is then never answered.
            Disconnected: it broke.
        """
        async with self._turn:
            if not paces_itself:
                # Its time to answer begins when it has been asked.
                await self.pace.take()
            self.link.refused.clear()
            asked = asyncio.ensure_future(question(self._connected))
            lost = asyncio.ensure_future(self.link.hung_up.wait())
            refused = asyncio.ensure_future(self._refused())
            silence = f"it did not answer {what} within {self._ask_seconds:g} s"
            try:
                # Where the question is many messages, those that were not refused take their time.
                ends = (asked, lost) if paces_itself else (asked, lost, refused)
                await asyncio.wait(
                    ends, timeout=self._ask_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if asked.done():
                    return asked.result()
                if self.link.hung_up.is_set():
                    raise self._broken(what)
                if refused.done():
                    silence = f"it refused what came too fast, and did not answer {what}"
                    raise Unanswered(f"the gateway at {self.where}: {silence}; try again")
                raise Unanswered(
                    f"the gateway at {self.where}: {silence}; see that it is logged in, and try again"
                )
            except (ConnectionError, OSError) as error:
                raise self._broken(what) from error
            finally:
                lost.cancel()
                refused.cancel()
                if not asked.done():
                    asked.cancel()
                    why = self.link.doubt if self.link.hung_up.is_set() else silence
                    self.close()
                    self.link.raise_doubt(why or silence)

    def settle_doubt(self, doubts: int) -> None:
        """A snapshot was taken whole that began when the link's ``doubts`` were as many as given."""
        if self.is_connected:
            self.link.settle_doubt(doubts)

    async def _refused(self) -> None:
        """Returns when what came too fast was refused, and an answer would have come since."""
        await self.link.refused.wait()
        await asyncio.sleep(REFUSED_SECONDS)

    async def _try(self, seconds: float) -> str | None:
        """Connects once; what was in the way, or None."""
        self.link.begin()
        for _ in range(CONNECTING):
            await self.pace.take()
        ib = ListeningIB(lambda message: self._heard(ib, message))
        ib.client.conn.disconnected += lambda _: self._lost(ib)
        ib.client.apiError += lambda said: self._hear_client(ib, said)
        self._ib = ib
        made = asyncio.ensure_future(
            ib.connectAsync(
                *(self._host, self._port, self.client_id, seconds),
                raiseSyncErrors=True,
                fetchFields=NOTHING,
            )
        )
        ended = asyncio.ensure_future(self.link.hung_up.wait())
        try:
            await asyncio.wait((made, ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            has_ended = made.done() and not made.cancelled()
            error = made.exception() if has_ended else None
            if has_ended and error is None and self.link.in_the_way is None:
                return None
            obstacle = self.link.obstacle(error)
        finally:
            ended.cancel()
            if not made.done():
                made.cancel()
                with suppress(asyncio.CancelledError, ConnectionError, OSError, TimeoutError):
                    await made
        self._ib = None
        _hang_up(ib)
        return obstacle

    def _heard(self, ib: ListeningIB, message: Message) -> None:
        if ib is not self._ib:
            return
        if isinstance(message, ErrorSaid):
            self.link.hear_error(message)
        try:
            self._hear(message)
        except (ValueError, KeyError) as error:
            # Not to be lost in the decoder's log: what is not understood is looked at anew.
            log.error("the gateway at %s said what is not understood: %s", self.where, error)
            self.link.raise_doubt(f"it said what is not understood: {error}")
        self.link.news.set()

    def _hear_client(self, ib: ListeningIB, said: str) -> None:
        if ib is self._ib:
            self.link.hear_client(said)

    def _lost(self, ib: ListeningIB) -> None:
        if ib is self._ib:
            self.link.lose()

    def _broken(self, what: str) -> BrokerError:
        return Disconnected(f"{self.doubt} while it was asked for {what}; nothing is known of it")


def _hang_up(ib: ListeningIB) -> None:
    with suppress(ConnectionError, OSError):
        ib.disconnect()
