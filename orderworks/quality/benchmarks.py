"""The prices that an execution is measured against: TWAP and VWAP of the market."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Moment = datetime | np.datetime64 | int
"""An aware datetime, numpy's datetime64 in UTC, or nanoseconds since 1970."""


def twap_benchmark(
    times: NDArray[Any], prices: ArrayLike, start: Moment, end: Moment
) -> float | None:
    """The mean price from ``start`` to ``end``, each weighted by the time until the next one.

    ``times`` ascend: datetime64, or int64 nanoseconds since 1970, UTC; ``prices`` has one for
    each. The price that prevails at the start counts, and the last is held to the end. Where none
    prevails at the start, the mean begins with the first. None where there is none before the end.

    Raises:
        ValueError: naming the argument.
    """
    at = _nanoseconds(times)
    values = _checked(prices, "prices", at.shape)
    first, last = _nanosecond(start, "start"), _nanosecond(end, "end")
    if last <= first:
        raise ValueError(f"end must be after start {start}, not {end}")
    if (np.diff(at) < 0).any():
        raise ValueError("times must ascend")
    prevailing = max(int(np.searchsorted(at, first, side="right")) - 1, 0)
    after = int(np.searchsorted(at, last, side="left"))
    if prevailing >= after:
        return None
    since = np.maximum(at[prevailing:after], first)
    held = np.diff(since, append=last)
    return float(np.average(values[prevailing:after], weights=held))


def vwap_benchmark(prices: ArrayLike, volumes: ArrayLike) -> float | None:
    """The mean of ``prices`` weighted by ``volumes``; None where nothing was traded.

    Raises:
        ValueError: naming the argument.
    """
    traded = _checked(volumes, "volumes", np.shape(volumes), zero_allowed=True)
    values = _checked(prices, "prices", traded.shape)
    total = traded.sum()
    return float(values @ traded / total) if total else None


def _nanoseconds(times: NDArray[Any]) -> NDArray[np.int64]:
    array = np.asarray(times)
    if np.issubdtype(array.dtype, np.datetime64):
        if np.isnat(array).any():
            raise ValueError("times must not be missing")
        return array.astype("datetime64[ns]").astype(np.int64)
    if not np.issubdtype(array.dtype, np.integer) and array.size:
        raise ValueError(f"times must be datetime64 or integers, not {array.dtype}")
    return array.astype(np.int64)


def _nanosecond(moment: Moment, name: str) -> int:
    if isinstance(moment, datetime):
        if moment.utcoffset() is None:
            raise ValueError(f"{name} must be a time with a zone, not {moment}")
        return (moment - EPOCH) // MICROSECOND * 1000
    if isinstance(moment, np.datetime64):
        if np.isnat(moment):
            raise ValueError(f"{name} must not be missing")
        return int(moment.astype("datetime64[ns]").astype(np.int64))
    if isinstance(moment, bool) or not isinstance(moment, int | np.integer):
        raise ValueError(f"{name} must be a time, not {moment!r}")
    return int(moment)


def _checked(
    values: ArrayLike, name: str, shape: tuple[int, ...], *, zero_allowed: bool = False
) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=float)
    if array.shape != shape or array.ndim != 1:
        raise ValueError(f"{name} must have the shape {shape}, not {array.shape}")
    sound = np.isfinite(array) & ((array > 0) | (zero_allowed & (array == 0)))
    if not sound.all():
        raise ValueError(f"{name}[{np.flatnonzero(~sound)[0]}] must be positive and finite")
    return array
