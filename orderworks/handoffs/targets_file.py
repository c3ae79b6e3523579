"""The targets of an ad-hoc rebalance: from a file, or from a form."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from pandas import DataFrame

from orderworks.handoffs.suites.targets import TARGETS
from orderworks.handoffs.table_file import ROW, TableFile, read_table


def read_targets(path: Path) -> TableFile:
    """Read targets from CSV or Parquet; ``check("targets", file.frame, raw=file.raw)`` is next.

    Raises:
        InputError: see ``read_table``.
    """
    return read_table(path, TARGETS)


def targets_of(weights: Mapping[str, float]) -> TableFile:
    """Targets as they would stand in a file, in the order given."""
    frame = DataFrame(
        {
            ROW: range(1, len(weights) + 1),
            "symbol": list(weights),
            "weight": [float(weight) for weight in weights.values()],
        }
    )
    digest = sha256(json.dumps(weights).encode()).hexdigest()
    return TableFile(frame, frame[["symbol", "weight"]].astype(object), digest)
