"""Admit in order while the running sum stays within its limit: the kernel of cumulative rules."""

from dataclasses import dataclass

import numpy as np

from orderworks.planning.risk.columns import BoolColumn, FloatColumn, IntColumn


@dataclass(frozen=True, slots=True)
class Admission:
    """Which rows were admitted, and the running sum that each row met at its turn."""

    admitted: BoolColumn
    before: FloatColumn


def admit_in_order(
    amount: FloatColumn | IntColumn,
    start: float | FloatColumn | IntColumn,
    *,
    upper: float | FloatColumn = np.inf,
    lower: float | FloatColumn = -np.inf,
    group: IntColumn | None = None,
) -> Admission:
    """Goes through the rows in order; what fits at its turn is admitted and moves the sum.

    A positive amount fits if the sum stays at or below ``upper``, a negative one if it stays at
    or above ``lower``: a step back towards the band always fits. Zero fits, NaN never does.

    amount: (n,), one unit throughout. start, upper, lower: that unit, one number or (n,).
    group: (n,) small codes >= 0; rows of one code share a running sum and their ``start``.

    Where everything fits, or no two rows share a sum, the answer is vectorised.
    """
    step = np.asarray(amount, dtype=np.float64)
    starts, uppers, lowers = (_column(value, step.size) for value in (start, upper, lower))
    if group is not None and not _shared(group):
        return Admission(_fits(step, starts + step, lowers, uppers), starts)
    if group is None:
        # cumsum adds one by one, in order: to the last bit the sums of the loop.
        sums = np.cumsum(np.concatenate((starts[:1], step)))
        admitted = _fits(step, sums[1:], lowers, uppers)
        if admitted.all():
            return Admission(admitted, sums[:-1])
        group = np.zeros(step.size, dtype=np.int64)
    return _one_by_one(step, starts, lowers, uppers, group)


def reducing_first(amount: FloatColumn, reducing: BoolColumn) -> tuple[float, FloatColumn]:
    """What the reducing rows add up to, and the amounts with those rows at zero.

    Reducing rows are admitted whatever the others do, so they are counted before the first of
    the others, wherever they stand in the table. A NaN stays where it is, and is refused.
    """
    settled = reducing & np.isfinite(amount)
    return float(amount[settled].sum()), np.where(settled, 0.0, amount)


def _column(value: float | FloatColumn | IntColumn, size: int) -> FloatColumn:
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (size,))


def _shared(group: IntColumn) -> bool:
    return bool(group.size) and bool(np.bincount(group).max() > 1)


def _fits(
    step: FloatColumn, after: FloatColumn, lower: FloatColumn, upper: FloatColumn
) -> BoolColumn:
    up, down = (step > 0) & (after <= upper), (step < 0) & (after >= lower)
    return np.asarray((step == 0) | up | down, dtype=np.bool_)


def _one_by_one(
    step: FloatColumn,
    start: FloatColumn,
    lower: FloatColumn,
    upper: FloatColumn,
    group: IntColumn,
) -> Admission:
    sums = np.zeros(int(group.max(initial=-1)) + 1)
    sums[group] = start
    running: list[float] = sums.tolist()
    admitted: list[bool] = []
    before: list[float] = []
    rows = zip(step.tolist(), lower.tolist(), upper.tolist(), group.tolist(), strict=True)
    for amount, low, high, code in rows:
        now = running[code]
        after = now + amount
        fits = amount == 0 or (amount > 0 and after <= high) or (amount < 0 and after >= low)
        if fits:
            running[code] = after
        admitted.append(fits)
        before.append(now)
    return Admission(np.array(admitted, dtype=np.bool_), np.array(before, dtype=np.float64))
