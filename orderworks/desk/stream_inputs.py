"""Signals from a stream: a run takes what was added for its session, and not by an earlier run.

The range of a run begins after what the account's planned runs have read of the stream, and not before
the previous session closed: what nobody traded then is not traded a day later. It ends when the run
plans, by its desk's clock, so that a replayed session can be replayed with its stream.
"""

import asyncio
import logging
from dataclasses import dataclass

from orderworks.desk.desk import Desk
from orderworks.handoffs.table_file import TableFile
from orderworks.ledger.runs import Run
from orderworks.ledger.stream_ranges import ends_read, note_range
from orderworks.market.calendar import previous_sessions, require_session
from orderworks.model.errors import NothingNew
from orderworks.streams.connection import Entry, Redis
from orderworks.streams.entry_ids import last_id_by, moment_of, parts
from orderworks.streams.signals import newest_of_each, read_range, signals_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamInputs:
    """The signals of a stream that no planned run of the account has read."""

    stream: str
    redis: Redis
    fixed: None = None

    async def read(self, desk: Desk, run: Run) -> TableFile:
        after, until = range_of(desk, self.stream)
        entries: list[Entry] = []
        if parts(after) < parts(until):
            entries = await asyncio.to_thread(read_range, self.redis, self.stream, after, until)
        if not entries:
            raise NothingNew(
                f"stream {self.stream} has no entries for the session of {desk.session.date} after "
                f"{after} ({moment_of(after):%Y-%m-%d %H:%M:%S} UTC) that were added by "
                f"{moment_of(until):%H:%M:%S} UTC; add signals, or correct the stream's name"
            )
        note_range(desk.ledger, run, self.stream, after, entries[-1][0], len(entries))
        # A trade that is asked for twice is not one of them; the rules judge that.
        replaces = desk.settings.execution.signal_meaning == "target"
        newest = newest_of_each(entries) if replaces else entries
        log.info(
            "read %d entries of %s from %s to %s; %d were replaced by later ones",
            *(len(entries), self.stream, entries[0][0], entries[-1][0]),
            len(entries) - len(newest),
        )
        return signals_of(self.stream, newest)


def range_of(desk: Desk, stream: str) -> tuple[str, str]:
    """The ids that the next run's entries lie between: after the first, up to the second."""
    (before,) = previous_sessions(desk.session.date, 1)
    begin = last_id_by(require_session(before).close)
    after = max([begin, *ends_read(desk.ledger, desk.account, stream)], key=parts)
    return after, last_id_by(min(desk.clock.now(), desk.session.close))
