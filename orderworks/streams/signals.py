"""Signals from a stream: the entries of a range of it, as the table of a signals file."""

from collections.abc import Sequence
from hashlib import sha256

from pandas import Index

from orderworks.handoffs.signals_file import with_order_prices
from orderworks.handoffs.suites.signals import SIGNALS
from orderworks.handoffs.table_file import Cells, TableFile, refuse_columns, typed_table
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
    ids = [entry_id for entry_id, _ in entries]
    called = [f"entry {entry_id}" for entry_id in ids]
    for name, (_, fields) in zip(called, entries, strict=True):
        refuse_columns(f"{stream}: {name}", list(fields), SIGNALS)
    names = list(dict.fromkeys(name for _, fields in entries for name in fields))
    columns = [[fields.get(name) for _, fields in entries] for name in names]
    cells = Cells(names, columns, list(range(1, len(entries) + 1)), called)
    digest = sha256(repr(entries).encode()).hexdigest()
    table = with_order_prices(typed_table(stream, cells, SIGNALS, digest))
    table.frame.index = table.raw.index = Index(ids, name="entry")
    return table
