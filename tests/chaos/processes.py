"""Processes that live in this one: each with its own connections, one at a time at work.

A process that dies is cut off before anything of it can run on: its connections are closed, and it
can open no more. So what its code still does on the way out reaches neither database nor exchange.
One that is paused stops where it is, as for a long collection of garbage or on a suspended machine,
and goes on there when it is woken.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg.pq import TransactionStatus

from orderworks.model.crash_points import at_crash_points

Meets = Callable[["Process", str, bool], None]
"""What happens where a process comes to a place, in a transaction or not."""

_running: ContextVar["Process | None"] = ContextVar("running", default=None)


class Died(BaseException):
    """A process is dead: nothing catches it, as nothing catches a kill -9."""


class Process:
    """One process: its name, its connections, and whether it lives.

    Attributes:
        backends: the processes of the database's server that have served it.
    """

    def __init__(self, name: str, meets: Meets) -> None:
        self.name = name
        self.is_alive = True
        self.backends: list[int] = []
        self._connections: list[psycopg.Connection[Any]] = []
        self._meets = meets

    def comes_to(self, place: str) -> None:
        """Raises Died where it is dead, or dies here."""
        self.require_alive()
        self._meets(self, place, self._is_in_transaction)

    @property
    def _is_in_transaction(self) -> bool:
        """Whether others wait for what it has locked: then it is not the time to stop it."""
        return any(
            not one.closed and one.info.transaction_status is not TransactionStatus.IDLE
            for one in self._connections
        )

    def require_alive(self) -> None:
        if not self.is_alive:
            raise Died(self.name)

    def die(self) -> None:
        """Cuts it off; then raises Died."""
        self.is_alive = False
        self.cut_off()
        raise Died(self.name)

    def cut_off(self) -> None:
        """Closes its connections, whatever they are in the middle of."""
        for connection in self._connections:
            connection.close()

    def opened(self, connection: psycopg.Connection[Any]) -> None:
        """A connection is its own."""
        self._connections.append(connection)
        self.backends.append(connection.info.backend_pid)

    @contextmanager
    def running(self) -> Iterator[None]:
        """What is done inside is done by this process."""
        token = _running.set(self)
        try:
            with at_crash_points(self.comes_to):
                yield
        finally:
            _running.reset(token)


@contextmanager
def outside() -> Iterator[None]:
    """What is done inside is done by none of the processes."""
    token = _running.set(None)
    try:
        yield
    finally:
        _running.reset(token)


class Worker(Process):
    """A process with work of its own, which another may have to wait for."""

    def __init__(
        self, name: str, meets: Meets, work: Callable[["Worker"], Coroutine[Any, Any, None]]
    ):
        super().__init__(name, meets)
        self.ended: BaseException | None = None
        self.is_done = False
        self._work = work
        self._goes_on, self._rests = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True, name=name)

    def run(self) -> None:
        """Lets it go on, and returns when it has ended or is paused."""
        if self._thread.ident is None:
            self._thread.start()
        self._goes_on.set()
        self._rests.wait()
        self._rests.clear()

    def pause(self) -> None:
        """Rests here until it is run again."""
        self._rests.set()
        self._goes_on.wait()
        self._goes_on.clear()
        self.require_alive()

    def _live(self) -> None:
        self._goes_on.wait()
        self._goes_on.clear()
        try:
            with self.running():
                asyncio.run(self._alone())
        except BaseException as error:  # noqa: BLE001 - whoever waits for it judges how it ended
            self.ended = error
        self.cut_off()
        self.is_done = True
        self._rests.set()

    async def _alone(self) -> None:
        asyncio.get_running_loop().set_default_executor(_InTurn())
        await self._work(self)


class _InTurn(ThreadPoolExecutor):
    """Threads whose work is done at once and in turn: what overlaps would not come out the same twice."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
            done.set_exception(error)
        return done


class _Connection(psycopg.Connection[Any]):
    """A connection of a process, which comes to a place before and after each commit."""

    process: Process

    @contextmanager
    def transaction(self, *args: Any, **kwargs: Any) -> Iterator[psycopg.Transaction]:
        is_outermost = self.info.transaction_status is TransactionStatus.IDLE
        with super().transaction(*args, **kwargs) as begun:
            yield begun
            if is_outermost:
                self.process.comes_to("before a commit")
        if is_outermost:
            self.process.comes_to("committed")


def _connect(*args: Any, **kwargs: Any) -> psycopg.Connection[Any]:
    process = _running.get()
    if process is None:
        return psycopg.Connection.connect(*args, **kwargs)
    process.require_alive()
    connection = _Connection.connect(*args, **kwargs)
    connection.process = process
    process.opened(connection)
    return connection


@contextmanager
def watched_connections() -> Iterator[None]:
    """The connections that are opened inside belong to the processes that open them."""
    with patch.object(psycopg, "connect", _connect):
        yield
