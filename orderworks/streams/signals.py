"""Signals from a stream: the entries of a range of it, as the table of a signals file."""

from collections.abc import Sequence
from hashlib import sha256

from pandas import Index

from orderworks.handoffs.signals_file import with_order_prices
from orderworks.handoffs.suites.signals import SIGNALS
from orderworks.handoffs.table_file import Cells, TableFile, refuse_columns, typed_table
from orderworks.model.errors import InputError
from orderworks.streams.connection import Entry, Redis

BATCH = 1_000


def read_range(redis: Redis, stream: str, after: str, until: str) -> list[Entry]:
    """The entries with after < id <= until, in order.

    Raises:
        RedisUnavailable: if Redis does not answer, or ``stream`` is no stream.
    """
    found: list[Entry] = []
    while True:
        with redis.asked() as client:
            batch = client.xrange(stream, f"({after}", until, count=BATCH)
        found += batch
        if len(batch) < BATCH:
            return found
        after = batch[-1][0]


def newest_of_each(entries: Sequence[Entry]) -> list[Entry]:
    """The last entry of each strategy and symbol, in order: it says what the earlier ones no longer do.

    Sound or not: where the last word cannot be understood, the one before it does not stand.
    """
    last = {
        (fields.get("strategy"), fields.get("symbol")): n for n, (_, fields) in enumerate(entries)
    }
    return [entries[n] for n in sorted(last.values())]


def signals_of(stream: str, entries: Sequence[Entry]) -> TableFile:
    """Entries as signals: numbered from 1, and labelled with their ids.

    Raises:
        InputError: naming the entry that has a field which is not in the format, or a time without
            zone.
    """
    for entry_id, fields in entries:
        refuse_columns(f"{stream}: entry {entry_id}", list(fields), SIGNALS)
    names = list(dict.fromkeys(name for _, fields in entries for name in fields))
    columns = [[fields.get(name) for _, fields in entries] for name in names]
    digest = sha256(repr(entries).encode()).hexdigest()
    cells = Cells(names, columns, list(range(1, len(entries) + 1)))
    table = with_order_prices(typed_table(_naming(stream, entries), cells, SIGNALS, digest))
    table.frame.index = table.raw.index = Index([entry_id for entry_id, _ in entries], name="entry")
    return table


def _naming(stream: str, entries: Sequence[Entry]) -> str:
    """The stream and which entries were read of it, so that a row of them can be found."""
    if not entries:
        raise InputError(f"{stream}: no entries to read")
    return f"{stream} from {entries[0][0]} to {entries[-1][0]}"
