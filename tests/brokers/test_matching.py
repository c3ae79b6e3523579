"""The book: what trades at the touch and at a limit, at which price, and how much of it."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import pytest
from arrivals import ARRIVALS, CAPS, STOPS, Arrival, play
from drawn_tapes import PRICES, QUOTES, TRADES
from hypothesis import given
from hypothesis import strategies as st
from small_books import (
    QuoteAt,
    TradeAt,
    book_of,
    buy,
    ends,
    fills,
    played,
    recorded,
    sell,
    traded,
)

from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.model.state import OrderState

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
    late = buy(1, 100, arrived=1, volume_at_arrival=80)
    assert traded(tape, late, rules=Rules(participation_cap=0.1)) == [
        (1, 2, 3, 101),
        (1, 3, 1, 101),
    ]
    assert late.filled == 4


def test_without_trades_nothing_is_filled() -> None:
    assert traded(recorded([(1, 99, 101, 500, 500)], []), buy(1, 100)) == []


def test_a_limit_waits_for_the_touch_to_come_to_it() -> None:
    tape = recorded(
        [(1, 99, 102, 500, 500), (3, 98, 100, 500, 500)], [(1, 102, 102, 900), (2, 102, 102, 900)]
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
    queued = recorded([(0, 104, 106, 500, 500)], [(2, 104, 106, 30)])
    assert traded(queued, buy(1, 20, limit=104)) == []
    assert traded(queued, sell(1, 20, limit=106)) == []


@pytest.mark.parametrize("quote", [(1, 101, 100, 9, 9), (1, 0, 100, 0, 9), (1, 100, 0, 9, 0)])
def test_an_unsound_quote_is_not_traded_on(quote: QuoteAt) -> None:
    tape = recorded([quote], [(1, 100, 101, 1_000)])
    assert traded(tape, buy(1, 5), sell(2, 5)) == []


def test_a_locked_quote_is_sound() -> None:
    tape = recorded([(1, 100, 100, 9, 9)], [(1, 100, 100, 1_000)])
    assert traded(tape, buy(1, 5)) == [(1, 1, 5, 100)]


def test_an_order_trades_no_later_than_it_is_good() -> None:
    tape = recorded([(1, 99, 101, 5, 5)], [(1, 99, 101, 100), (2, 99, 101, 100), (3, 99, 101, 100)])
    happened = played(book_of(tape, buy(1, 50, until=2)))
    assert fills(happened) == [(1, 1, 5, 101), (1, 2, 5, 101)]
    assert ends(happened) == [(1, 2, "EXPIRED", "its time ended")]


def test_a_better_price_comes_first_and_at_one_price_the_earlier_order() -> None:
    tape = recorded([(3, 90, 91, 10, 10)], [(3, 91, 91, 1_000)])
    book = [
        buy(1, 6, limit=95, arrived=2),
        buy(2, 6, limit=95, arrived=1),
        buy(3, 6, limit=96, arrived=2),
    ]
    assert traded(tape, *book) == [(3, 3, 6, 91), (2, 3, 4, 91)]


def test_a_market_order_comes_before_every_limit() -> None:
    tape = recorded([(1, 90, 91, 10, 10)], [(1, 91, 91, 1_000)])
    assert traded(tape, buy(1, 6, limit=99), buy(2, 6)) == [(2, 1, 6, 91), (1, 1, 4, 91)]


def test_what_was_displayed_at_the_limit_when_it_came_trades_first() -> None:
    tape = recorded(
        [(0, 100, 110, 50, 5)], [(1, 100, 100, 30), (2, 100, 100, 30), (3, 100, 100, 9)]
    )
    # Half of a second's trades that went from 100 to 104 are taken to have been at 100.
    assert traded(tape, buy(1, 20, limit=100)) == [(1, 2, 10, 100), (1, 3, 9, 100)]
    uneven = recorded([(0, 100, 110, 50, 5)], [(1, 100, 104, 120)])
    assert traded(uneven, buy(1, 20, limit=100)) == [(1, 1, 10, 100)]


def test_a_limit_inside_the_spread_has_nobody_ahead() -> None:
    tape = recorded([(0, 100, 110, 50, 5)], [(1, 105, 105, 30)])
    assert traded(tape, buy(1, 20, limit=105)) == [(1, 1, 20, 105)]


def test_a_limit_behind_the_market_queues_when_the_market_comes_to_it() -> None:
    quotes = [(0, 100, 110, 50, 5), (2, 95, 99, 40, 5)]
    trades = [(1, 95, 95, 30), (3, 95, 95, 30), (4, 95, 95, 30)]
    assert traded(recorded(quotes, trades), buy(1, 20, limit=95)) == [(1, 4, 20, 95)]


def test_an_odd_lot_fills_and_jumps_no_queue() -> None:
    tape = recorded([(0, 100, 110, 50, 5)], [(1, 100, 100, 160), (2, 100, 100, 60)])
    round_lot, odd_lot = buy(1, 100, limit=100), buy(2, 7, limit=100)
    assert traded(tape, round_lot, odd_lot) == [(1, 1, 100, 100), (2, 1, 7, 100)]
    short = recorded([(0, 100, 110, 50, 5)], [(1, 100, 100, 120)])
    assert traded(short, buy(1, 100, limit=100), buy(2, 7, limit=100)) == [(1, 1, 70, 100)]


def test_fill_or_kill_is_whole_or_nothing() -> None:
    tape = recorded([(1, 99, 101, 50, 50)], [(1, 99, 101, 1_000)])
    whole = played(book_of(tape, buy(1, 50, whole=True)))
    assert (fills(whole), ends(whole)) == ([(1, 1, 50, 101)], [])
    killed = played(book_of(tape, buy(1, 51, whole=True)), until=2_000_000)
    assert (fills(killed), ends(killed)) == (
        [],
        [(1, 1_000_000, "CANCELLED", "not filled whole at once")],
    )


def test_less_of_an_order_keeps_its_place_and_another_price_does_not() -> None:
    tape = recorded([(0, 100, 110, 50, 5)], [(2, 100, 100, 70)])
    for quantity, limit, first in ((15, 100, 1), (25, 100, 2)):
        book = book_of(tape, buy(1, 20, limit=100), buy(2, 20, limit=100))
        book.walk(1)
        book.replace(1, quantity, limit, None, 1)
        assert fills(played(book))[0][0] == first


def test_what_is_cancelled_trades_no_more() -> None:
    tape = recorded([(1, 99, 101, 5, 5)], [(1, 99, 101, 100), (2, 99, 101, 100)])
    book = book_of(tape, buy(1, 50))
    happened = played(book, until=1)
    book.end(1, 1, OrderState.CANCELLED, "asked")
    happened += played(book)
    assert fills(happened) == [(1, 1, 5, 101)]
    assert ends(happened) == [(1, 1, "CANCELLED", "asked")]


def test_nothing_trades_in_a_halt() -> None:
    tape = recorded([(1, 99, 101, 5, 5)], [(ts, 99, 101, 100) for ts in range(1, 6)])
    halted = Rules(participation_cap=1.0, halts=[(1, 4)])
    assert [one[1] for one in traded(tape, buy(1, 15), rules=halted)] == [1, 5]


# On any tape ------------------------------------------------------------------------------------


def standing(quotes: Sequence[QuoteAt], ts: int) -> QuoteAt:
    return ([row for row in quotes if row[0] <= ts] or [(0, 0, 0, 0, 0)])[-1]


def volume(trades: Sequence[TradeAt], after: int, until: int) -> int:
    return sum(row[3] for row in trades if after < row[0] <= until)


@given(QUOTES, TRADES, ARRIVALS, CAPS)
def test_whatever_trades_keeps_to_the_rules(
    quotes: list[QuoteAt], trades: list[TradeAt], arrivals: list[Arrival], cap: float
) -> None:
    quotes = quotes or [(1, 97, 99, 5, 5)]
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
    quotes = quotes or [(1, 97, 99, 5, 5)]
    left, expected, ahead = quantity, [], None
    for ts in sorted({row[0] for row in [*quotes, *trades]}):
        _, bid, ask, bid_size, ask_size = standing(quotes, ts)
        touch, displayed = (ask, ask_size) if is_buy else (bid, bid_size)
        own_touch, own_displayed = (bid, bid_size) if is_buy else (ask, ask_size)
        now = [row for row in trades if row[0] == ts and row[3]]
        price, most = touch, 0
        if 0 < bid <= ask and (limit is None or sign * (limit - touch) >= 0):
            most = displayed
        elif now and limit is not None:
            low, high = min(row[1] for row in now), max(row[2] for row in now)
            traded_now = sum(row[3] for row in now)
            prints = (now[0][1], low, high, now[-1][2]).count(limit)
            price = limit
            if (low < limit <= high) if is_buy else (low <= limit < high):
                most = traded_now
                ahead = ahead and 0
            elif limit == (low if is_buy else high) and ahead is not None:
                at_limit = traded_now * prints // 4
                most = max(0, at_limit - ahead)
                ahead = max(0, ahead - at_limit)
        taken = min(left, most, volume(trades, 0, ts) // 2 - (quantity - left))
        if taken > 0:
            expected.append((1, ts, taken, price))
            left -= taken
        sees = limit is not None and 0 < bid <= ask and sign * (own_touch - limit) <= 0
        if ahead is None and sees:
            ahead = own_displayed if own_touch == limit else 0
    order = buy(1, quantity, limit) if is_buy else sell(1, quantity, limit)
    half = Rules(participation_cap=0.5)
    assert traded(recorded(quotes, trades), order, rules=half) == expected
