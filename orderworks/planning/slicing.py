"""A parent cut into children over time: TWAP, VWAP and Almgren-Chriss.

Whole lots, handed out by largest remainder, that sum to the parent exactly. The first slice is
due at the start; none is due at or after the end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import lcm

import numpy as np
from numpy.typing import NDArray

from orderworks.model.exact import Number, to_decimal, to_positive_whole
from orderworks.planning.almgren_chriss import Trajectory, almgren_chriss

__all__ = [
    "Slice",
    "Trajectory",
    "almgren_chriss",
    "largest_remainder",
    "twap",
    "twap_table",
    "vwap",
]

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Slice:
    """One child of a schedule: its place, when it is due (UTC) and how many shares it is."""

    index: int
    due_at: datetime
    quantity: int


def twap(
    quantity: Number, start: datetime, end: datetime, slices: Number, lot_size: Number = 1
) -> list[Slice]:
    """``quantity`` in equal slices, evenly spaced from ``start``.

    There are fewer slices, spaced over the whole of the time, where one would be under a lot.

    Raises:
        ValueError: naming the argument; ``quantity`` where it is not whole lots.
    """
    lots, lot = _lots(quantity, lot_size)
    count = min(to_positive_whole(slices, "slices"), lots)
    due = _due_times(start, end, count)
    shares = largest_remainder(lots, [1] * count)
    return [Slice(i, due[i], shares[i] * lot) for i in range(count)]


def vwap(
    quantity: Number,
    start: datetime,
    end: datetime,
    slices: Number,
    volume_curve: Iterable[Number],
    lot_size: Number = 1,
) -> list[Slice]:
    """``quantity`` in proportion to ``volume_curve``: one weight a slice, of an earlier day.

    A slice that gets no lot is left out; the others keep their times.

    Raises:
        ValueError: naming the argument; ``quantity`` where it is not whole lots.
    """
    lots, lot = _lots(quantity, lot_size)
    count = to_positive_whole(slices, "slices")
    due = _due_times(start, end, count)
    shares = largest_remainder(lots, _weights(volume_curve, count))
    kept = [i for i in range(count) if shares[i]]
    return [Slice(index, due[i], shares[i] * lot) for index, i in enumerate(kept)]


def twap_table(
    quantities: Integers, slices: Integers | int, lot_sizes: Integers | int = 1
) -> tuple[Integers, Integers, Integers]:
    """The quantities of ``twap`` for many parents at once.

    ``quantities`` has one element a parent; ``slices`` and ``lot_sizes`` too, or are one number
    for all. Returns three arrays with one element a child, parent by parent: the parent's place,
    the child's index and its quantity. Child i of n is due at start + (end - start) * i / n.

    Raises:
        ValueError: naming the argument and the first place where it is wrong.
    """
    shares = _positive_array(quantities, "quantities", np.shape(quantities))
    wanted = _positive_array(slices, "slices", shares.shape)
    lot = _positive_array(lot_sizes, "lot_sizes", shares.shape)
    lots, odd = np.divmod(shares, lot)
    if odd.any():
        place = int(np.flatnonzero(odd)[0])
        raise ValueError(f"quantities[{place}] must be whole lots, not {shares[place]}")
    count = np.minimum(wanted, lots)
    parent = np.repeat(np.arange(len(shares)), count)
    index = np.arange(len(parent)) - np.repeat(np.cumsum(count) - count, count)
    # Largest remainder with equal weights: what does not divide goes to the earliest.
    base, spare = np.divmod(lots, count)
    return parent, index, (base[parent] + (index < spare[parent])) * lot[parent]


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` in whole parts proportional to ``weights``, summing to it exactly.

    Each part is the floor of its exact share; what is left goes one by one to the largest
    fractions, the earlier first where they are equal (Hamilton's method).
    """
    whole = sum(weights)
    parts, remainders = zip(*(divmod(total * weight, whole) for weight in weights), strict=True)
    shares = list(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: -remainders[i])
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def _lots(quantity: Number, lot_size: Number) -> tuple[int, int]:
    shares = to_positive_whole(quantity, "quantity")
    lot = to_positive_whole(lot_size, "lot_size")
    lots, odd = divmod(shares, lot)
    if odd:
        raise ValueError(f"quantity must be whole lots of {lot}, not {quantity}")
    return lots, lot


def _due_times(start: datetime, end: datetime, count: int) -> list[datetime]:
    for moment, name in ((start, "start"), (end, "end")):
        if not isinstance(moment, datetime) or moment.utcoffset() is None:
            raise ValueError(f"{name} must be a time with a zone, not {moment!r}")
    # In UTC, so that a change of the clocks neither stretches nor folds the schedule.
    first = start.astimezone(UTC)
    duration = end.astimezone(UTC) - first
    if duration.total_seconds() <= 0:
        raise ValueError(f"end must be after start {start}, not {end}")
    return [first + duration * i // count for i in range(count)]


def _weights(volume_curve: Iterable[Number], count: int) -> list[int]:
    """The weights as integers in the same proportion, so that remainders are compared exactly."""
    weights = [to_decimal(weight, f"volume_curve[{i}]") for i, weight in enumerate(volume_curve)]
    if len(weights) != count:
        raise ValueError(f"volume_curve must have one weight a slice: {count}, not {len(weights)}")
    for i, weight in enumerate(weights):
        if weight < 0:
            raise ValueError(f"volume_curve[{i}] must not be negative, not {weight}")
    if not any(weights):
        raise ValueError("volume_curve must have a weight above zero")
    ratios = [weight.as_integer_ratio() for weight in weights]
    common = lcm(*(denominator for _, denominator in ratios))
    return [numerator * (common // denominator) for numerator, denominator in ratios]


def _positive_array(values: Integers | int, name: str, shape: tuple[int, ...]) -> Integers:
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name} must be integers, not {array.dtype}")
    if len(shape) != 1 or array.shape not in ((), shape):
        raise ValueError(f"{name} must have one element a parent, not the shape {array.shape}")
    wrong = np.flatnonzero(array <= 0)
    if len(wrong):
        raise ValueError(f"{name}[{wrong[0]}] must be positive, not {array.flat[wrong[0]]}")
    return np.broadcast_to(array, shape).astype(np.int64)
