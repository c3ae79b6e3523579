"""Keeps a lease for as long as this process works, however busy it is.

Planning keeps the event loop to itself; where many runs share a processor that takes longer than a lease
lasts, so a thread renews it. A process that is stopped stops renewing, thread and all. A loop that gives no
sign of life for very long is not busy but stuck, and then the account is let go for another worker.

Whoever takes the account may need our line to the broker: that the lease is lost is told within a second.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable

import psycopg

from orderworks.ledger.connection import open_ledger
from orderworks.ledger.leases import Lease, renew_lease
from orderworks.model.errors import LeaseLost, LedgerUnavailable

log = logging.getLogger(__name__)

SIGN_SECONDS = 1.0
LOOK_SECONDS = 0.5
"""Between two renewals at most, so that a loss is known before whoever took the account gives up."""
STUCK_SECONDS = 600.0
JOIN_SECONDS = 5.0
"""A thread whose question hangs ends by itself: a lease that was given back cannot be renewed."""


class Renewal:
    """The renewal of one lease, from its making until it is ended.

    Args:
        lost: told within the loop, once, why the lease is not renewed any more, if that comes to pass:
            ``LeaseLost``, or what the database failed with.
    """

    def __init__(
        self,
        url: str,
        lease: Lease,
        lost: Callable[[Exception], None],
        stuck_seconds: float = STUCK_SECONDS,
    ) -> None:
        self._url, self._lease, self._stuck_seconds = url, lease, stuck_seconds
        self._lost, self._loop = lost, asyncio.get_running_loop()
        self._ended = threading.Event()
        self._alive_at = time.monotonic()
        self._living = asyncio.create_task(self._give_signs_of_life())
        self._thread = threading.Thread(target=self._renew, name="renewal", daemon=True)
        self._thread.start()

    async def end(self) -> None:
        """The lease is not renewed any more."""
        self._ended.set()
        self._living.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._living
        await asyncio.to_thread(self._thread.join, JOIN_SECONDS)

    async def _give_signs_of_life(self) -> None:
        while True:
            self._alive_at = time.monotonic()
            await asyncio.sleep(SIGN_SECONDS)

    def _renew(self) -> None:
        """When this fails, the database refuses whatever we try."""
        try:
            with open_ledger(self._url) as ledger:
                while not self._ended.wait(min(self._lease.ttl_seconds / 3, LOOK_SECONDS)):
                    silent = time.monotonic() - self._alive_at
                    if silent > self._stuck_seconds:
                        raise LeaseLost(f"this process has been stuck for {silent:.0f} s")
                    renew_lease(ledger, self._lease)
        except (LeaseLost, LedgerUnavailable, psycopg.Error) as error:
            log.error(
                "the lease of account %s is not renewed any more: %s", self._lease.account, error
            )
            # A loop that is closed by now has nothing left to let go.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._tell, error)

    def _tell(self, loss: Exception) -> None:
        if not self._ended.is_set():
            self._lost(loss)
