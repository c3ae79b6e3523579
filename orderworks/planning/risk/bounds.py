"""How a number is compared with its limit."""

from typing import TypeVar

from orderworks.planning.risk.columns import BoolColumn, FloatColumn, IntColumn

_FLOAT_NOISE = 1e-9

Limit = TypeVar("Limit", float, FloatColumn)


def above(value: FloatColumn | IntColumn, limit: float) -> BoolColumn:
    """Where ``value`` is more than ``limit``, or is not known: a NaN never passes a limit."""
    return ~(value <= noise_above(limit))


def noise_above(limit: Limit) -> Limit:
    """``limit`` and a billionth of it: a sum that equals its limit on paper is not beyond it."""
    return limit + abs(limit) * _FLOAT_NOISE


def pct_of(pct: float, money: float) -> float:
    """``pct`` per cent of ``money``; nothing where there is less than nothing."""
    return max(pct / 100 * money, 0.0)
