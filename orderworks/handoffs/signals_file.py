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
    file = read_table(path, SIGNALS)
    if "order_type" not in file.frame:
        return file
    lacking = [name for name in ORDER_PRICES if name not in file.frame]
    return replace(file, frame=file.frame.assign(**dict.fromkeys(lacking, np.nan)))
