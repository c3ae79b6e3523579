"""The signals file."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from orderworks.handoffs.suites.signals import ORDER_PRICES, SIGNALS
from orderworks.handoffs.table_file import TableFile, read_table


def read_signals(path: Path) -> TableFile:
    """Read signals from CSV or Parquet; ``check("signals", file.frame, raw=file.raw)`` is next.

    A file that states order types is given the prices that it lacks, as columns without a value: so
    that what a type needs can be missed.

    Raises:
        InputError: see ``read_table``.
    """
    return with_order_prices(read_table(path, SIGNALS))


def with_order_prices(table: TableFile) -> TableFile:
    """Signals with the prices that their order types may lack, where they state types."""
    if "order_type" not in table.frame:
        return table
    lacking = [name for name in ORDER_PRICES if name not in table.frame]
    return replace(table, frame=table.frame.assign(**dict.fromkeys(lacking, np.nan)))
