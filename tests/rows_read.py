"""What the server reads of the ledger's tables to do something, by its own statistics."""

from collections.abc import Callable

from orderworks.ledger.connection import Ledger


def rows_read(ledger: Ledger, work: Callable[[], object], table: str = "orders") -> int:
    """How many rows of a table are read."""
    with ledger.transaction():
        before = _rows_read_so_far(ledger, table)
        work()
        return _rows_read_so_far(ledger, table) - before


def _rows_read_so_far(ledger: Ledger, table: str) -> int:
    found = ledger.execute(
        "SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables "
        "WHERE schemaname = 'ledger' AND relname = %s",
        (table,),
    ).fetchone()
    assert found is not None
    return int(found["n"])
