"""What a run's parameters name as its signals or targets."""

from pathlib import Path

from flows.addresses import address
from orderworks.desk.inputs import FixedInputs, Inputs, QueryInputs
from orderworks.handoffs.signals_file import read_signals
from orderworks.handoffs.sql_query import SUFFIX, read_query
from orderworks.handoffs.suite import Suite
from orderworks.handoffs.suites.signals import SIGNALS
from orderworks.handoffs.suites.targets import TARGETS
from orderworks.handoffs.targets_file import read_targets
from orderworks.model.errors import InputError
from orderworks.settings import load_settings

STREAM = "redis:"
"""What a stream's name is preceded by."""


async def signals_from(named: str | None) -> Inputs | None:
    """Signals from a CSV or Parquet file, a file with a query, or ``redis:STREAM``.

    Raises:
        InputError: if the file, or what is needed to ask, is not there.
    """
    if not named:
        return None
    if named.startswith(STREAM):
        return await _stream(named.removeprefix(STREAM))
    path = Path(named)
    if path.suffix.lower() == SUFFIX:
        return await _query(path, SIGNALS)
    return FixedInputs(read_signals(path))


async def targets_from(named: str | None) -> Inputs | None:
    """Targets from a CSV or Parquet file, or a file with a query.

    Raises:
        InputError: likewise.
    """
    if not named:
        return None
    if named.startswith(STREAM):
        raise InputError(
            f"targets are not read from a stream ({named}); name a CSV, Parquet or SQL file"
        )
    path = Path(named)
    if path.suffix.lower() == SUFFIX:
        return await _query(path, TARGETS)
    return FixedInputs(read_targets(path))


async def _query(path: Path, suite: Suite) -> Inputs:
    query = read_query(path)
    return QueryInputs(query, await address("sql.url", load_settings().sql.url), suite)


async def _stream(stream: str) -> Inputs:
    from orderworks.desk.stream_inputs import StreamInputs
    from orderworks.streams.connection import Redis

    if not stream:
        raise InputError("no stream is named; write --signals redis:execution:signals")
    return StreamInputs(stream, Redis(await address("redis.url", load_settings().redis.url)))
