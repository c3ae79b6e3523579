"""What the gate decided on each order, in words and numbers that can be kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.planning.risk.candidates import Candidates, MarginAnswer
from orderworks.planning.risk.columns import IntColumn
from orderworks.planning.risk.verdict import Reasons

ACCEPTED = "ACCEPTED"
ACCEPTED_REASON = "it passed every rule"

_SHOWN_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one rule refused: row numbers of the table, and of each row its code and numbers."""

    reasons: Reasons
    rows: IntColumn
    codes: list[str]
    numbers: dict[str, NDArray[Any]]


def decisions_on(orders: Candidates, refusals: Sequence[Refusal]) -> pd.DataFrame:
    """One row per order: strategy, symbol, accepted, code, reason, saw.

    ``saw`` is a dict of Python scalars, ready for JSON; a number that is not known is None.
    """
    count = len(orders)
    strategy = orders.strategies[orders.strategy]
    symbol = orders.symbols[orders.symbol]
    code = np.full(count, ACCEPTED, dtype=object)
    reason = np.full(count, ACCEPTED_REASON, dtype=object)
    saw = _records(_common_numbers(orders), count)
    asked = np.flatnonzero(orders.margin_answer != MarginAnswer.NOT_ASKED)
    for row, told in zip(
        asked.tolist(), _records(_margin_told(orders, asked), asked.size), strict=True
    ):
        saw[row].update(told)
    for refusal in refusals:
        own = _records(refusal.numbers, refusal.rows.size)
        for row, its_code, numbers in zip(refusal.rows.tolist(), refusal.codes, own, strict=True):
            saw[row].update(numbers)
            code[row] = its_code
            reason[row] = refusal.reasons[its_code].format(
                strategy=strategy[row], symbol=symbol[row], **_spoken(saw[row])
            )
    return pd.DataFrame(
        {
            "strategy": strategy,
            "symbol": symbol,
            "accepted": code == ACCEPTED,
            "code": code,
            "reason": reason,
            "saw": pd.Series(saw, dtype=object),
        }
    )


class _Unknown:
    """How a sentence speaks of a number that is not known, whatever its format."""

    def __format__(self, spec: str) -> str:
        return "unknown"


def _spoken(numbers: dict[str, Any]) -> dict[str, Any]:
    return {name: _Unknown() if value is None else value for name, value in numbers.items()}


def _common_numbers(orders: Candidates) -> dict[str, NDArray[Any]]:
    return {
        "quantity": orders.quantity,
        "decision_price": orders.price,
        "bid": orders.bid,
        "ask": orders.ask,
        "adv": orders.adv,
        "holdings": orders.holdings,
        "notional": orders.notional,
    }


def _margin_told(orders: Candidates, rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """What the broker said of the margin of some orders, whatever came of them."""
    names = np.array([answer.name.lower() for answer in MarginAnswer], dtype=object)
    return {
        "margin_answer": names[orders.margin_answer[rows]],
        "margin_needed": orders.margin_needed[rows],
        "margin_available": orders.margin_available[rows],
        "margin_maintenance": orders.margin_maintenance[rows],
        "margin_commission": orders.margin_commission[rows],
        "broker_says": orders.margin_words[rows],
    }


def _records(columns: dict[str, NDArray[Any]], count: int) -> list[dict[str, Any]]:
    if not columns:
        return [{} for _ in range(count)]
    values = zip(*map(_scalars, columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def _scalars(column: NDArray[Any]) -> list[Any]:
    """Python scalars; what is NaN, infinite or no time is None."""
    if column.dtype.kind == "M":
        times = pd.DatetimeIndex(column, tz="UTC")
        return [None if pd.isna(time) else time.isoformat() for time in times]
    if column.dtype.kind != "f":
        return list(column.tolist())
    # Sums of floats carry noise in their last digits, which nobody is to read.
    shown: list[Any] = np.round(column, _SHOWN_DECIMALS).tolist()
    for unknown in np.flatnonzero(~np.isfinite(column)).tolist():
        shown[unknown] = None
    return shown
