"""Publishing what was booked, for whoever follows the account: never in the way of trading it."""

import asyncio
import logging
import time
from dataclasses import dataclass, field

import psycopg

from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.published_fills import mark_published, take_turn, unpublished
from orderworks.model.errors import OrderworksError
from orderworks.streams.connection import Redis
from orderworks.streams.fills import publish

log = logging.getLogger(__name__)

BATCH = 500

HELD_SECONDS = 15.0
"""After it did not answer, Redis is left alone for so long: a dead one costs a run little."""


@dataclass(slots=True)
class FillStream:
    """The stream that an account's fills are published to.

    What was published is in the ledger: fills that were booked while Redis did not answer are published
    by whoever comes next. Each is added at least once; its ``exec_id`` tells a second time from a first.
    """

    redis: Redis
    stream: str
    _held_until: float = field(default=0.0, repr=False)

    async def catch_up(self, url: str, account: str) -> int:
        """Publishes what was booked since; returns how much. It fails in nothing but a log line."""
        if time.monotonic() < self._held_until:
            return 0
        return await asyncio.to_thread(self._catch_up, url, account)

    def _catch_up(self, url: str, account: str) -> int:
        try:
            with open_ledger(url) as ledger:
                return self._publish(ledger, account) if take_turn(ledger, account) else 0
        except (OrderworksError, psycopg.Error) as error:
            self._held_until = time.monotonic() + HELD_SECONDS
            log.warning("fills of account %s wait to be published: %s", account, error)
            return 0

    def _publish(self, ledger: Ledger, account: str) -> int:
        published = 0
        while fills := unpublished(ledger, account, self.stream, BATCH):
            publish(self.redis, self.stream, fills)
            mark_published(ledger, account, self.stream, fills[-1].number)
            published += len(fills)
        return published
