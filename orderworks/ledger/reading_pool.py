"""A few lines to the ledger that many ask over: each question in one read-only transaction."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from orderworks.ledger.connection import Ledger, open_for_reading
from orderworks.model.errors import LedgerUnavailable


class ReadingPool:
    """Lines that are opened when they are first needed, and given up when they break.

    Args:
        address: where the ledger is; it may raise LedgerUnavailable.
        seconds: that a question, or waiting for a line to become free, may take.
    """

    def __init__(self, address: Callable[[], str], seconds: float, lines: int = 4) -> None:
        self._address, self._seconds = address, seconds
        self._free = threading.BoundedSemaphore(lines)
        self._lock = threading.Lock()
        self._idle: list[Ledger] = []

    @contextmanager
    def reading(self) -> Iterator[Ledger]:
        """The ledger as it stands at one moment: nothing can be written through it.

        Raises:
            LedgerUnavailable: if the database does not answer, or every line is taken for too long.
        """
        if not self._free.acquire(timeout=self._seconds):
            raise LedgerUnavailable("every line to the ledger is taken; ask again in a moment")
        try:
            ledger = self._line()
            try:
                with ledger.transaction():
                    ledger.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    yield ledger
            finally:
                self._give_back(ledger)
        finally:
            self._free.release()

    def close(self) -> None:
        """Gives up the lines that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for ledger in idle:
            ledger.close()

    def _line(self) -> Ledger:
        with self._lock:
            waiting = self._idle.pop() if self._idle else None
        if waiting is not None and _answers(waiting):
            return waiting
        return open_for_reading(self._address(), self._seconds)

    def _give_back(self, ledger: Ledger) -> None:
        if ledger.broken or ledger.closed:
            return
        with self._lock:
            self._idle.append(ledger)


def _answers(ledger: Ledger) -> bool:
    """Whether a line that was idle still leads anywhere: a server may have been restarted meanwhile."""
    try:
        ledger.execute("SELECT 1")
    except psycopg.OperationalError:
        ledger.close()
        return False
    return True
