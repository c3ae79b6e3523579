"""What is wrong with many quotes at once, by the rule of ``Quote.problem``."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orderworks.market.tape import instant, microseconds
from orderworks.model.quote import Quote, QuoteProblem

if TYPE_CHECKING:
    import pandas as pd

_SIDES_AND_SIZES = ("bid", "ask", "bid_size", "ask_size")


def quote_problems(quotes: pd.DataFrame, at: datetime, stale_after: timedelta) -> pd.Series[Any]:
    """The problem of each quote at ``at``: a QuoteProblem value, or None for a sound one.

    ``Quote.problem`` decides. It sees only how a quote compares (each side with nothing, bid with
    ask, age with ``stale_after``), so one quote of each kind is asked for all of its kind.

    Args:
        quotes: ts (aware; NaT where no quote is known), bid, ask, bid_size, ask_size. A missing
            number is an absent side.
        at: when the quotes would be priced from.
        stale_after: the age that a quote may have.

    Returns:
        Object series with the index of ``quotes``.
    """
    import numpy as np
    import pandas as pd

    problems = np.full(len(quotes), QuoteProblem.MISSING.value, dtype=object)
    known = quotes["ts"].notna().to_numpy()
    sides = [
        np.nan_to_num(quotes[name].to_numpy(np.float64, na_value=0)[known])
        for name in _SIDES_AND_SIZES
    ]
    ts = quotes["ts"].to_numpy("datetime64[us]")[known].astype(np.int64)

    oldest = microseconds(at - stale_after)
    signs = [*map(np.sign, sides), _compare(sides[0], sides[1]), _compare(ts, oldest)]
    kind = sum((sign.astype(np.int64) + 1) * 3**place for place, sign in enumerate(signs))
    verdicts = np.full(3 ** len(signs), None, dtype=object)
    for number in np.flatnonzero(np.bincount(kind)):
        example = np.argmax(kind == number)
        bid, ask, bid_size, ask_size = (float(side[example]) for side in sides)
        quote = Quote(
            symbol="",
            ts=instant(ts[example]),
            bid=Decimal(bid),
            ask=Decimal(ask),
            bid_size=int(bid_size),
            ask_size=int(ask_size),
        )
        problem = quote.problem(at, stale_after)
        verdicts[number] = None if problem is None else problem.value
    problems[known] = verdicts[kind]
    return pd.Series(problems, index=quotes.index, dtype=object, name="problem")


def _compare(left: Any, right: Any) -> Any:
    """-1, 0 or 1 as ``left`` is below, at or above ``right``."""
    return (left > right).astype(int) - (left < right).astype(int)
