"""The signals file."""

from pathlib import Path

from orderworks.handoffs.suites.signals import SIGNALS
from orderworks.handoffs.table_file import TableFile, read_table


def read_signals(path: Path) -> TableFile:
    """Read signals from CSV or Parquet; ``check("signals", file.frame, raw=file.raw)`` is next.

    Raises:
        InputError: see ``read_table``.
    """
    return read_table(path, SIGNALS)
