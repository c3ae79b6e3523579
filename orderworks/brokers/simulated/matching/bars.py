"""The bars of a tape: how long each lasts, and those of one time as one."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from orderworks.market.tape import SymbolTape


def span_of_a_bar(ts: NDArray[np.int64], session_open: int) -> int:
    """Of bars without quotes: how long before its end an order must have come to take part in one.

    It trades at prices from the whole length of a bar, so it must have come before that began: one
    bar's length, the least that lies between two, before it ended.
    """
    if len(ts) < 2:
        return int(ts[0]) - session_open if len(ts) else 1
    return int(np.diff(ts).min())


def with_one_bar_a_time(tape: SymbolTape) -> SymbolTape:
    """The tape, the bars of one time added up."""
    repeats = tape.bar_ts[1:] == tape.bar_ts[:-1]
    if not np.count_nonzero(repeats):
        return tape
    begins = np.ones(len(tape.bar_ts), np.bool_)
    begins[1:] = ~repeats
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(begins)) - 1
    return replace(
        tape,
        bar_ts=tape.bar_ts[first],
        open=tape.open[first],
        high=np.maximum.reduceat(tape.high, first),
        low=np.minimum.reduceat(tape.low, first),
        close=tape.close[last],
        volume=np.add.reduceat(tape.volume, first),
    )
