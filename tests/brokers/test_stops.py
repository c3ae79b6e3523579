"""Stops: trades trigger them, gaps fill at the open, a trail only tightens."""

from decimal import Decimal

import pytest
from drawn_tapes import BARS, QUOTES
from hypothesis import given
from hypothesis import strategies as st
from small_books import BarAt, QuoteAt, barred, book_of, buy, fills, played, recorded, sell, traded

from orderworks.brokers.simulated.matching.resting import Execution, Resting
from orderworks.brokers.simulated.matching.rules import Rules

BEFORE = -10
"""Before the first bar of a market without quotes began."""


def test_a_trade_triggers_a_stop_and_the_next_event_fills_it() -> None:
    tape = recorded([(1, 99, 101, 50, 50)], [(1, 100, 100, 9), (2, 103, 103, 9), (3, 100, 100, 90)])
    assert traded(tape, buy(1, 20, stop=103)) == [(1, 3, 20, 101)]
    assert traded(tape, sell(1, 20, stop=100)) == [(1, 2, 9, 99), (1, 3, 11, 99)]


def test_a_quote_alone_triggers_nothing() -> None:
    tape = recorded([(1, 99, 101, 50, 50), (2, 90, 91, 50, 50)], [(1, 100, 100, 9), (3, 98, 98, 9)])
    assert traded(tape, sell(1, 20, stop=95)) == []


def test_a_stop_limit_rests_at_its_limit_once_triggered() -> None:
    quotes = [(1, 99, 101, 50, 50), (3, 105, 106, 50, 50), (5, 101, 102, 50, 50)]
    trades = [(1, 100, 100, 90), (2, 103, 103, 90), (3, 105, 105, 90), (5, 102, 102, 90)]
    assert traded(recorded(quotes, trades), buy(1, 20, stop=103, limit=104)) == [(1, 5, 20, 102)]


@pytest.mark.parametrize(
    ("bar", "order", "price"),
    [
        ((2, 100, 106, 98, 99, 50), buy(1, 20, stop=105), 105),
        ((2, 108, 109, 98, 99, 50), buy(1, 20, stop=105), 108),
        ((2, 100, 106, 94, 99, 50), sell(1, 20, stop=95), 95),
        ((2, 92, 106, 91, 99, 50), sell(1, 20, stop=95), 92),
        ((2, 100, 106, 98, 99, 50), buy(1, 20, stop=105, limit=105), 105),
        ((2, 108, 109, 98, 99, 50), buy(1, 20, stop=105, limit=110), 108),
        ((2, 100, 106, 98, 99, 50), buy(1, 20), 100),
        ((2, 100, 106, 98, 99, 50), buy(1, 20, limit=99), 99),
        ((2, 97, 106, 96, 99, 50), buy(1, 20, limit=99), 97),
        ((2, 100, 106, 98, 99, 50), sell(1, 20, limit=103), 103),
        ((2, 105, 106, 98, 99, 50), sell(1, 20, limit=103), 105),
    ],
)
def test_without_quotes_a_gap_fills_at_the_open_and_else_the_price_itself(
    bar: BarAt, order: Resting, price: int
) -> None:
    order.arrived = BEFORE
    assert traded(barred([(1, 101, 101, 101, 101, 0), bar]), order) == [(1, 2, 20, price)]


def test_without_quotes_a_limit_that_is_only_touched_waits() -> None:
    bars = [(1, 100, 106, 98, 99, 50)]
    assert traded(barred(bars), buy(1, 20, limit=98, arrived=BEFORE)) == []


def test_a_gap_beyond_the_limit_of_a_stop_limit_rests() -> None:
    bars = [(1, 108, 109, 107, 108, 50), (2, 106, 107, 103, 104, 50)]
    order = buy(1, 20, stop=105, limit=105, arrived=BEFORE)
    assert traded(barred(bars), order) == [(1, 2, 20, 105)]


def test_an_order_that_comes_within_a_bar_waits_for_the_next() -> None:
    bars = [(10, 100, 106, 98, 99, 50), (20, 97, 98, 96, 97, 50), (30, 95, 95, 95, 95, 50)]
    assert traded(barred(bars), buy(1, 20, arrived=5)) == []
    book = book_of(barred(bars), buy(1, 20, arrived=5))
    assert fills(played(book, until=30)) == [(1, 20, 20, 97)]


def test_a_trailing_stop_follows_the_trades() -> None:
    quotes = [(0, 99, 101, 90, 90)]
    trades = [(ts, price, price, 90) for ts, price in enumerate((100, 104, 102, 103, 101, 99), 1)]
    order = sell(1, 20, trail=3)
    book = book_of(recorded(quotes, trades), order)
    stops = []
    happened = []
    for ts in range(1, 8):
        happened += played(book, ts)
        stops.append(order.stop)
    assert stops[:4] == [97, 101, 101, 101]
    # 101 at time 5 is at the stop; the next event fills.
    assert fills(happened) == [(1, 6, 20, 99)]


def test_a_trailing_stop_in_percent_starts_from_the_last_trade() -> None:
    tape = recorded([(0, 99, 101, 90, 90)], [(0, 10_000, 10_000, 9), (1, 8_000, 9_001, 9)])
    order = sell(1, 20, trail_percent=Decimal("0.1"))
    book = book_of(tape, order)
    assert (order.watermark, order.stop) == (10_000, 9_000)
    played(book)
    assert order.triggered


def test_stops_trade_in_the_order_of_their_triggers_where_there_are_only_bars() -> None:
    bars = [(1, 100, 110, 100, 110, 25)]
    far, near = (
        buy(number, 20, stop=stop, arrived=BEFORE) for number, stop in ((1, 108), (2, 104))
    )
    assert traded(barred(bars), far, near) == [(2, 1, 20, 104), (1, 1, 5, 108)]


STOP_ORDERS = st.lists(
    st.builds(
        lambda is_buy, quantity, limit, stop, trail, fraction: (
            {
                "is_buy": is_buy,
                "quantity": quantity,
            }
            | (
                {"trail": trail}
                if trail
                else {"trail_percent": fraction}
                if fraction
                else {"stop": stop, "limit": limit}
            )
        ),
        st.booleans(),
        st.integers(1, 40),
        st.none() | st.integers(96, 104),
        st.integers(96, 104),
        st.none() | st.integers(1, 4),
        st.none() | st.sampled_from([Decimal("0.01"), Decimal("0.03")]),
    ),
    min_size=1,
    max_size=4,
)


def entered(number: int, terms: dict[str, object]) -> Resting:
    of_side = buy if terms["is_buy"] else sell
    rest = {name: value for name, value in terms.items() if name not in ("is_buy", "quantity")}
    return of_side(number, terms["quantity"], arrived=BEFORE, **rest)


@given(QUOTES, BARS, STOP_ORDERS, st.sets(st.integers(1, 12)))
def test_a_trail_never_loosens_and_no_fill_lies_outside_the_market(
    quotes: list[QuoteAt], bars: list[BarAt], asked: list[dict[str, object]], stops: set[int]
) -> None:
    tape = barred(bars, quotes)
    orders = [entered(number, terms) for number, terms in enumerate(asked, 1)]
    book = book_of(tape, *orders, rules=Rules(participation_cap=0.5))
    before = [order.stop for order in orders]
    happened = []
    for ts in range(1, 13):
        happened += played(book, ts)
        for place, order in enumerate(orders):
            stop, last = order.stop, before[place]
            if stop is not None and last is not None and order.trails:
                assert stop <= last if order.is_buy else stop >= last
            before[place] = stop
    for one in happened:
        assert isinstance(one, Execution)
        now = [bar for bar in bars if bar[0] == one.ts]
        quote = ([row for row in quotes if row[0] <= one.ts] or [(0, 0, 0, 0, 0)])[-1]
        assert one.price in quote[1:3] or (
            min(bar[3] for bar in now) <= one.price <= max(bar[2] for bar in now)
        )
        limit = orders[one.number - 1].limit
        if limit is not None:
            assert one.price <= limit if orders[one.number - 1].is_buy else one.price >= limit
    again = [entered(number, terms) for number, terms in enumerate(asked, 1)]
    book = book_of(tape, *again, rules=Rules(participation_cap=0.5))
    assert played(book, 12, stops) == happened
