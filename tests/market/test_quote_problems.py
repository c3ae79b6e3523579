"""The vectorised rule is the rule of one quote."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from orderworks.market.quotes import quote_problems
from orderworks.model.quote import Quote, QuoteProblem

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MINUTE = timedelta(seconds=60)
COLUMNS = ["ts", "bid", "ask", "bid_size", "ask_size"]

TIMES = [
    NOW - timedelta(microseconds=age) for age in (-5, 0, 1, 59_999_999, 60_000_000, 60_000_001)
]
PRICES = [Decimal(price) for price in ("-0.01", "0", "10.00", "10.01")]
SIZES = [-1, 0, 100]
EVERY_KIND = [Quote("IBM", *row) for row in product(TIMES, PRICES, PRICES, SIZES, SIZES)]

ANY_PRICE = st.decimals("-1", "500", places=4)
ANY_SIZE = st.integers(-1, 1_000)
ANY_QUOTE = st.builds(
    Quote, st.just("IBM"), st.sampled_from(TIMES), ANY_PRICE, ANY_PRICE, ANY_SIZE, ANY_SIZE
)


def table(quotes: list[Quote]) -> pd.DataFrame:
    frame = pd.DataFrame([{name: getattr(quote, name) for name in COLUMNS} for quote in quotes])
    frame = frame.reindex(columns=COLUMNS)
    frame["ts"] = pd.DatetimeIndex(frame["ts"], tz="UTC").as_unit("us")
    return frame.astype(dict.fromkeys(COLUMNS[1:], float))


def test_every_kind_of_quote_beside_every_other_is_judged_as_one_is() -> None:
    problems = quote_problems(table(EVERY_KIND), NOW, MINUTE)
    assert problems.tolist() == [quote.problem(NOW, MINUTE) for quote in EVERY_KIND]
    assert set(problems) == {None, *QuoteProblem} - {QuoteProblem.MISSING}


@given(
    st.lists(ANY_QUOTE | st.sampled_from(EVERY_KIND), max_size=12),
    st.sampled_from([timedelta(0), MINUTE]),
)
def test_many_quotes_are_judged_as_one_is(quotes: list[Quote], stale_after: timedelta) -> None:
    frame = table(quotes)
    frame.index = pd.Index([f"row {i}" for i in range(len(frame))])
    problems = quote_problems(frame, NOW, stale_after)
    assert problems.tolist() == [quote.problem(NOW, stale_after) for quote in quotes]
    assert problems.index.equals(frame.index)


def test_no_quote_is_missing_and_half_a_quote_is_one_sided() -> None:
    frame = pd.DataFrame(
        {
            "ts": pd.DatetimeIndex([pd.NaT, NOW, NOW, NOW], tz="UTC"),
            "bid": [np.nan, np.nan, 10.0, 10.0],
            "ask": [np.nan, 10.1, 10.1, 10.0],
            "bid_size": [np.nan, 100, 100, 100],
            "ask_size": [np.nan, 100, np.nan, 100],
        }
    )
    missing, one_sided = QuoteProblem.MISSING.value, QuoteProblem.ONE_SIDED.value
    problems = quote_problems(frame, NOW, MINUTE).tolist()
    assert problems == [missing, one_sided, one_sided, None]
    assert all(type(problem) in (str, type(None)) for problem in problems)
