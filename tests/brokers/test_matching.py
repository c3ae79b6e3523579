"""The matching kernel: what may trade, at which price, and how much of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.brokers.simulated.matching import (
    Execution,
    MatchingTape,
    Resting,
    match,
    volume_until,
)
from orderworks.market.tape import SymbolTape

QuoteAt = tuple[int, int, int, int, int]
"""Time, bid, ask, bid size, ask size."""
TradeAt = tuple[int, int, int, int]
"""Time, low, high, volume."""
END = 13
"""Nothing happens any later."""


def recorded(quotes: Sequence[QuoteAt], trades: Sequence[TradeAt]) -> SymbolTape:
    quoted = np.array(quotes, np.int64).reshape(-1, 5).T
    traded = np.array(trades, np.int64).reshape(-1, 4).T
    ts, low, high, volume = traded
    return SymbolTape("A", *quoted, ts, low, high, low, high, volume)


def traded(tape: SymbolTape, *book: Resting, cap: float = 1.0) -> list[tuple[int, ...]]:
    """(order, time, quantity, price) of every execution of a book that arrived at time 0."""
    done = match(MatchingTape.merge(tape, 0, END), book, cap)
    return [(one.number, one.ts, one.quantity, one.price) for one in done]


def buy(number: int, quantity: int, limit: int | None = None, **rest: int) -> Resting:
    return Resting(number, True, quantity, limit, volume_at_arrival=0, **rest)


def sell(number: int, quantity: int, limit: int | None = None) -> Resting:
    return Resting(number, False, quantity, limit, volume_at_arrival=0)


# One rule at a time -----------------------------------------------------------------------------


def test_a_market_order_takes_the_opposite_touch() -> None:
    tape = recorded([(1, 99, 101, 50, 60)], [(1, 99, 101, 1_000)])
    assert traded(tape, buy(1, 30)) == [(1, 1, 30, 101)]
    assert traded(tape, sell(1, 30)) == [(1, 1, 30, 99)]


def test_no_more_than_is_displayed_is_taken_by_priority() -> None:
    tape = recorded([(1, 99, 101, 50, 60)], [(1, 99, 101, 1_000)])
    assert traded(tape, buy(1, 40), buy(2, 40), sell(3, 70)) == [
        (1, 1, 40, 101),
        (2, 1, 20, 101),
        (3, 1, 50, 99),
    ]


def test_the_cap_counts_the_volume_since_arrival() -> None:
    tape = recorded([(1, 99, 101, 500, 500)], [(1, 99, 101, 80), (2, 99, 101, 39), (3, 99, 101, 1)])
    late = replace(buy(1, 100), volume_at_arrival=80)
    done = match(MatchingTape.merge(tape, 1, 9), [late], 0.1)
    assert [(one.ts, one.quantity) for one in done] == [(2, 3), (3, 1)]
    assert late.filled == 4


def test_without_trades_nothing_is_filled() -> None:
    assert traded(recorded([(1, 99, 101, 500, 500)], []), buy(1, 100)) == []


def test_a_limit_waits_for_the_touch_to_come_to_it() -> None:
    tape = recorded(
        [(1, 99, 102, 500, 500), (3, 98, 100, 500, 500)], [(1, 101, 102, 900), (2, 101, 102, 900)]
    )
    assert traded(tape, buy(1, 10, limit=101)) == [(1, 3, 10, 100)]


def test_a_limit_is_traded_through_at_its_own_price_for_no_more_than_traded() -> None:
    tape = recorded([(1, 100, 110, 5, 5)], [(2, 104, 106, 30)])
    assert traded(tape, buy(1, 20, limit=105), buy(2, 20, limit=105)) == [
        (1, 2, 20, 105),
        (2, 2, 10, 105),
    ]
    assert traded(tape, sell(1, 20, limit=105)) == [(1, 2, 20, 105)]
    # A trade at the limit and not beyond it leaves the order in the queue.
    assert traded(tape, buy(1, 20, limit=104)) == []
    assert traded(tape, sell(1, 20, limit=106)) == []


@pytest.mark.parametrize("quote", [(1, 101, 100, 9, 9), (1, 0, 100, 0, 9), (1, 100, 0, 9, 0)])
def test_an_unsound_quote_is_not_traded_on(quote: QuoteAt) -> None:
    tape = recorded([quote], [(1, 100, 101, 1_000)])
    assert traded(tape, buy(1, 5), sell(2, 5)) == []


def test_a_locked_quote_is_sound() -> None:
    tape = recorded([(1, 100, 100, 9, 9)], [(1, 100, 100, 1_000)])
    assert traded(tape, buy(1, 5)) == [(1, 1, 5, 100)]


def test_an_order_trades_no_later_than_it_is_good() -> None:
    tape = recorded([(1, 99, 101, 5, 5)], [(1, 99, 101, 100), (2, 99, 101, 100), (3, 99, 101, 100)])
    assert traded(tape, buy(1, 50, good_until=2)) == [(1, 1, 5, 101), (1, 2, 5, 101)]


def test_trades_of_one_time_add_up() -> None:
    rows = [(1, 99, 100, 10), (1, 97, 99, 20), (1, 98, 103, 30), (2, 90, 91, 1)]
    tape = MatchingTape.merge(recorded([], rows), 0, END)
    assert tape.ts.tolist() == [1, 2]
    assert (tape.low.tolist(), tape.high.tolist()) == ([97, 90], [103, 91])
    assert (tape.volume.tolist(), tape.cumulative_volume.tolist()) == ([60, 1], [60, 61])


def test_an_empty_tape_has_no_rows() -> None:
    assert len(MatchingTape.merge(recorded([], []), 0, END).ts) == 0


# On any tape ------------------------------------------------------------------------------------

TIMES = st.integers(1, 12)
PRICES = st.integers(96, 104)
SIZES = st.integers(0, 12)
QUOTES = st.lists(
    st.builds(
        lambda ts, bid, spread, *sizes: (ts, bid, bid + spread, *sizes),
        TIMES, st.sampled_from([0, *range(97, 103)]), st.integers(-1, 3), SIZES, SIZES,
    ),
    max_size=10,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))  # fmt: skip
TRADES = st.lists(
    st.builds(
        lambda ts, low, width, volume: (ts, low, low + width, volume),
        TIMES, PRICES, st.integers(0, 4), st.integers(1, 60),
    ),
    max_size=10,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))  # fmt: skip


@dataclass(frozen=True)
class Arrival:
    """An order that comes at a time."""

    at: int
    is_buy: bool
    quantity: int
    limit: int | None
    good_for: int | None


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        st.integers(0, 8),
        st.booleans(),
        st.integers(1, 25),
        st.none() | PRICES,
        st.none() | st.integers(1, 4),
    ),
    min_size=1,
    max_size=5,
)
CAPS = st.sampled_from([0.1, 0.29, 0.5, 1.0])
STOPS = st.sets(st.integers(0, 13))


def play(
    tape: SymbolTape, arrivals: Sequence[Arrival], cap: float, stops: set[int]
) -> list[Execution]:
    """Every execution, the tape being gone through from stop to stop and from arrival to arrival."""
    book: list[Resting] = []
    done: list[Execution] = []
    for start, stop in pairwise(sorted({0, END} | stops | {one.at for one in arrivals})):
        book += [
            Resting(
                number=number,
                is_buy=one.is_buy,
                quantity=one.quantity,
                limit=one.limit,
                volume_at_arrival=volume_until(tape, start),
                good_until=None if one.good_for is None else one.at + one.good_for,
            )
            for number, one in enumerate(arrivals)
            if one.at == start
        ]
        book.sort(key=lambda order: order.number)
        done += match(MatchingTape.merge(tape, start, stop), book, cap)
    for order in book:
        assert order.filled == sum(one.quantity for one in done if one.number == order.number)
    return done


def standing(quotes: Sequence[QuoteAt], ts: int) -> QuoteAt:
    return ([row for row in quotes if row[0] <= ts] or [(0, 0, 0, 0, 0)])[-1]


def volume(trades: Sequence[TradeAt], after: int, until: int) -> int:
    return sum(row[3] for row in trades if after < row[0] <= until)


@given(QUOTES, TRADES, ARRIVALS, CAPS)
def test_whatever_trades_keeps_to_the_rules(
    quotes: list[QuoteAt], trades: list[TradeAt], arrivals: list[Arrival], cap: float
) -> None:
    done = play(recorded(quotes, trades), arrivals, cap, set())
    filled: Counter[int] = Counter()
    at_touch: Counter[tuple[int, bool]] = Counter()
    through: Counter[int] = Counter()
    for one in done:
        order = arrivals[one.number]
        _, bid, ask, _, _ = standing(quotes, one.ts)
        now = [row for row in trades if row[0] == one.ts]
        if 0 < bid <= ask and one.price == (ask if order.is_buy else bid):
            at_touch[one.ts, order.is_buy] += one.quantity
        else:
            assert min(row[1] for row in now) <= one.price <= max(row[2] for row in now)
            assert one.price == order.limit
            through[one.ts] += one.quantity
        if order.limit is not None:
            assert one.price <= order.limit if order.is_buy else one.price >= order.limit
        assert one.quantity > 0
        assert one.ts > order.at
        assert order.good_for is None or one.ts <= order.at + order.good_for
        filled[one.number] += one.quantity
        assert filled[one.number] <= order.quantity
        assert filled[one.number] <= Fraction(str(cap)) * volume(trades, order.at, one.ts)
    for (ts, is_buy), quantity in at_touch.items():
        assert quantity <= standing(quotes, ts)[4 if is_buy else 3]
    for ts, quantity in through.items():
        assert quantity <= volume(trades, ts - 1, ts)
    assert [one.ts for one in done] == sorted(one.ts for one in done)


@given(QUOTES, TRADES, ARRIVALS, CAPS, STOPS)
def test_going_on_in_several_steps_changes_nothing(
    quotes: list[QuoteAt],
    trades: list[TradeAt],
    arrivals: list[Arrival],
    cap: float,
    stops: set[int],
) -> None:
    tape = recorded(quotes, trades)
    assert play(tape, arrivals, cap, stops) == play(tape, arrivals, cap, set())


@given(QUOTES, TRADES, st.integers(1, 40), st.booleans(), st.none() | PRICES)
def test_an_order_alone_takes_all_that_it_may(
    quotes: list[QuoteAt],
    trades: list[TradeAt],
    quantity: int,
    is_buy: bool,
    limit: int | None,
) -> None:
    sign = 1 if is_buy else -1
    left, expected = quantity, []
    for ts in sorted({row[0] for row in [*quotes, *trades]}):
        _, bid, ask, bid_size, ask_size = standing(quotes, ts)
        touch, displayed = (ask, ask_size) if is_buy else (bid, bid_size)
        now = [row for row in trades if row[0] == ts and row[3]]
        if 0 < bid <= ask and (limit is None or sign * (limit - touch) >= 0):
            price, most = touch, displayed
        elif now and limit is not None:
            low, high = min(row[1] for row in now), max(row[2] for row in now)
            beyond = low < limit if is_buy else limit < high
            price, most = limit, sum(row[3] for row in now) * (beyond and low <= limit <= high)
        else:
            continue
        taken = min(left, most, volume(trades, 0, ts) // 2 - (quantity - left))
        if taken > 0:
            expected.append((1, ts, taken, price))
            left -= taken
    order = Resting(1, is_buy, quantity, limit, volume_at_arrival=0)
    assert traded(recorded(quotes, trades), order, cap=0.5) == expected


@given(QUOTES, TRADES, st.integers(0, 13), st.integers(0, 13))
def test_the_merged_tape_is_a_plain_as_of_join(
    quotes: list[QuoteAt], trades: list[TradeAt], after: int, until: int
) -> None:
    quoted = pd.DataFrame(quotes, columns=["ts", "bid", "ask", "bid_size", "ask_size"], dtype=int)
    bars = pd.DataFrame(trades, columns=["ts", "low", "high", "volume"], dtype=int)
    seconds = pd.DataFrame({"ts": sorted({*quoted["ts"], *bars["ts"]})}, dtype=int)
    sums = bars.groupby("ts").agg({"low": "min", "high": "max", "volume": "sum"}).reset_index()
    expected = pd.merge_asof(seconds, quoted, on="ts").merge(sums, on="ts", how="left")
    expected = expected.fillna(0).astype("int64")
    expected["cumulative_volume"] = expected["volume"].cumsum()
    inside = (after < expected["ts"]) & (expected["ts"] <= until)

    tape = MatchingTape.merge(recorded(quotes, trades), after, until)
    found = pd.DataFrame({column: getattr(tape, column) for column in expected.columns})
    pd.testing.assert_frame_equal(found, expected[inside].reset_index(drop=True))
