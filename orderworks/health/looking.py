"""Reads the ledger for its health within a bound, and answers even where nothing answers."""

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TakesTooLong
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from orderworks.health.books import Books, LastRun, Standing
from orderworks.health.judging import Judged, judge
from orderworks.ledger import overview
from orderworks.ledger.connection import Ledger, head, open_for_reading, schema_version
from orderworks.market.calendar import latest_closed_session
from orderworks.model.errors import LedgerUnavailable
from orderworks.model.finding import Level
from orderworks.settings import Settings


@dataclass(frozen=True, slots=True)
class NoBooks:
    """Why the ledger could not be read, and its schema if it answered."""

    finding: Judged
    reachable: bool = False
    schema: str | None = None


Read = Books | NoBooks


@dataclass(frozen=True, slots=True)
class Looked:
    """What was read, what is to be said of it, and how long that took."""

    read: Read
    findings: list[Judged]
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether nothing fails."""
        return all(finding.level is not Level.FAILS for finding in self.findings)


class Watch:
    """Looks when it is asked; who asks while it looks is given the same answer.

    Args:
        address: where the ledger is; it may raise LedgerUnavailable.
    """

    def __init__(self, address: Callable[[], str], settings: Settings) -> None:
        self._address, self._settings = address, settings
        self._lock = threading.Lock()
        self._looking: Future[Read] | None = None
        self._line: Ledger | None = None

    def look(self) -> Looked:
        """What there is to say now, after ``health.answer_seconds`` at most."""
        begun = time.monotonic()
        limits = self._settings.health
        read: Read
        try:
            read = self._reading().result(limits.answer_seconds)
        except TakesTooLong:
            self._cut()
            read = _away(
                f"the ledger's database does not answer within {limits.answer_seconds:g} s"
            )
        seconds = time.monotonic() - begun
        if isinstance(read, NoBooks):
            return Looked(read, [read.finding], seconds)
        due = latest_closed_session(read.at - timedelta(seconds=limits.session_grace_seconds))
        return Looked(read, [_current(read.schema), *judge(read, limits, due)], seconds)

    def _reading(self) -> "Future[Read]":
        """The reading that goes on, or a new one. A thread of its own: nobody waits for it to end."""
        with self._lock:
            if self._looking is None or self._looking.done():
                self._looking = Future()
                threading.Thread(target=self._read, args=(self._looking,), daemon=True).start()
            return self._looking

    def _read(self, answer: "Future[Read]") -> None:
        try:
            answer.set_result(self._ask())
        except LedgerUnavailable as error:
            answer.set_result(_away(str(error)))
        except psycopg.Error as error:
            said = " ".join(str(error).split())
            answer.set_result(_away(f"the ledger's database broke off: {said}"))
        except Exception as error:
            answer.set_exception(error)
            raise

    def _ask(self) -> Read:
        seconds = self._settings.health.answer_seconds
        with open_for_reading(self._address(), seconds) as ledger:
            self._line = ledger
            try:
                found = schema_version(ledger)
                if found != head():
                    return _outdated(found)
                with ledger.transaction():
                    ledger.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    return read_books(ledger, self._settings.broker.account, head())
            finally:
                self._line = None

    def _cut(self) -> None:
        """Ends a reading that hangs: its thread sees the line break, and the next one may try."""
        line = self._line
        if line is not None:
            with suppress(OSError, psycopg.Error), socket.fromfd(line.fileno(), 0, 0) as held:
                held.shutdown(socket.SHUT_RDWR)


def read_books(ledger: Ledger, configured: str, schema: str) -> Books:
    """Every account that was ever opened, and the configured one."""
    row = ledger.execute("SELECT clock_timestamp() AS at").fetchone()
    at: datetime = (row or {})["at"]
    names = sorted({*overview.known_accounts(ledger), configured} - {""})
    standing, runs = overview.accounts(ledger, names), overview.last_runs(ledger, names)
    wanted = Standing.__slots__
    columns = zip(*(standing.values(name) for name in wanted), strict=True)
    return Books(
        at, schema, [Standing(*row) for row in columns], [LastRun(*row) for row in runs.rows]
    )


def _current(schema: str) -> Judged:
    return Judged(Level.OK, "ledger", None, f"the ledger answers, its schema is {schema}")


def _outdated(found: str | None) -> NoBooks:
    which = f"schema {found}" if found else "no schema yet"
    sentence = (
        f"the ledger has {which}, and this program's is {head()}; bring the older of the two up to date "
        "('orderworks db upgrade' does the ledger)"
    )
    return NoBooks(Judged(Level.FAILS, "schema", None, sentence), reachable=True, schema=found)


def _away(sentence: str) -> NoBooks:
    return NoBooks(Judged(Level.FAILS, "ledger", None, sentence))
