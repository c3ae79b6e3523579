"""Orders that belong together: one cancels the other, and exits never exceed their entry."""

from collections import Counter

from drawn_tapes import BARS, QUOTES
from hypothesis import given
from hypothesis import strategies as st
from small_books import (
    BarAt,
    QuoteAt,
    barred,
    book_of,
    bracketed,
    buy,
    ends,
    fills,
    grouped,
    played,
    recorded,
    sell,
)

from orderworks.brokers.simulated.matching.book import Book
from orderworks.brokers.simulated.matching.journal import Journal
from orderworks.brokers.simulated.matching.reel import Reel
from orderworks.brokers.simulated.matching.resting import Execution, Resting
from orderworks.brokers.simulated.matching.rules import Rules
from orderworks.model.state import OrderState

FREELY = Rules(participation_cap=1.0)
FILLED = "another order of its group has filled"
UNFILLED = "its entry ended unfilled"
CLOSED = "what its entry filled is closed"


def test_the_leg_that_fills_cancels_the_other() -> None:
    tape = recorded([(1, 99, 101, 50, 50)], [(1, 99, 101, 90), (2, 90, 91, 90), (3, 90, 91, 90)])
    book = book_of(tape)
    grouped(book, "g", sell(1, 20, stop=95), sell(2, 20, limit=120))
    happened = played(book)
    assert fills(happened) == [(1, 3, 20, 99)]
    assert ends(happened) == [(2, 3, "CANCELLED", FILLED)]


def test_legs_that_fill_in_part_share_what_is_left() -> None:
    tape = recorded(
        [(1, 99, 101, 15, 50), (2, 99, 101, 15, 50)], [(1, 99, 101, 90), (2, 99, 101, 90)]
    )
    book = book_of(tape)
    grouped(book, "g", sell(1, 20, limit=99), sell(2, 20, limit=98))
    happened = played(book)
    assert fills(happened) == [(2, 1, 15, 99), (2, 2, 5, 99)]
    assert ends(happened) == [(1, 2, "CANCELLED", FILLED)]


def test_a_leg_that_comes_after_its_group_has_filled_ends_at_once() -> None:
    tape = recorded([(1, 99, 101, 50, 50)], [(1, 99, 101, 90), (2, 99, 101, 90)])
    book = book_of(tape)
    grouped(book, "g", sell(1, 20))
    played(book, 1)
    grouped(book, "g", sell(2, 20, arrived=1))
    happened = played(book)
    assert (fills(happened), ends(happened)) == ([], [(2, 1, "CANCELLED", FILLED)])


def test_exits_rest_from_the_first_fill_of_their_entry_and_never_exceed_it() -> None:
    quotes = [(1, 99, 101, 50, 8), (3, 105, 106, 50, 50)]
    trades = [(ts, 99, 101, 90) for ts in (1, 2)] + [(3, 105, 105, 90), (4, 105, 105, 90)]
    book = book_of(recorded(quotes, trades))
    entry = buy(1, 20, limit=101)
    bracketed(book, entry, sell(2, 20, limit=105), sell(3, 20, stop=90))
    happened = played(book)
    assert fills(happened) == [(1, 1, 8, 101), (1, 2, 8, 101), (2, 3, 16, 105)]
    assert not entry.ended
    book.end(1, 13, OrderState.CANCELLED, "asked")
    assert ends(book.journal.take_happened()) == [
        (1, 13, "CANCELLED", "asked"),
        (2, 13, "CANCELLED", CLOSED),
        (3, 13, "CANCELLED", CLOSED),
    ]


def test_the_exits_of_an_entry_that_ends_unfilled_end() -> None:
    book = book_of(recorded([(1, 99, 101, 50, 50)], [(1, 99, 101, 90)]))
    bracketed(book, buy(1, 20, limit=90, until=5), sell(2, 20, limit=105), sell(3, 20, stop=80))
    assert ends(played(book)) == [
        (1, 5, "EXPIRED", "its time ended"),
        (2, 5, "CANCELLED", UNFILLED),
        (3, 5, "CANCELLED", UNFILLED),
    ]


def test_the_stop_closes_what_was_filled_and_the_target_ends() -> None:
    quotes = [(1, 99, 101, 50, 50), (3, 88, 89, 50, 50)]
    trades = [(1, 99, 101, 90), (2, 90, 90, 90), (3, 88, 89, 90)]
    book = book_of(recorded(quotes, trades))
    bracketed(book, buy(1, 20), sell(2, 20, limit=105), sell(3, 20, stop=95))
    happened = played(book)
    assert fills(happened) == [(1, 1, 20, 101), (3, 3, 20, 88)]
    assert ends(happened) == [(2, 3, "CANCELLED", CLOSED)]


def test_where_one_bar_reaches_both_exits_the_stop_comes_first() -> None:
    bars = [(1, 100, 100, 100, 100, 90), (2, 100, 110, 90, 100, 90)]
    book = Book(Reel(barred(bars)), FREELY, 0, Journal())
    bracketed(
        book,
        buy(1, 20, arrived=-5),
        sell(2, 20, limit=105, arrived=-5),
        sell(3, 20, stop=95, arrived=-5),
    )
    assert fills(played(book)) == [(1, 1, 20, 100), (3, 2, 20, 95)]


def test_exits_that_were_made_smaller_close_no_more_together() -> None:
    """What one of them leaves of its entry is another order's to close."""
    quotes = [(1, 99, 101, 50, 50), (3, 105, 106, 50, 50), (5, 90, 91, 50, 50)]
    trades = [
        (1, 99, 101, 90),
        (3, 105, 105, 90),
        (4, 105, 105, 90),
        (5, 90, 91, 90),
        (6, 90, 91, 90),
    ]
    book = book_of(recorded(quotes, trades))
    bracketed(book, buy(1, 20, limit=101), sell(2, 20, limit=105), sell(3, 20, stop=95))
    happened = played(book, until=2)
    book.replace(2, 12, 105, None, 2)
    book.replace(3, 12, None, 95, 2)
    happened += played(book)
    assert fills(happened) == [(1, 1, 20, 101), (2, 3, 12, 105)]
    assert ends(happened) == [(3, 3, "CANCELLED", FILLED)]


# Whatever happens -------------------------------------------------------------------------------

ACTIONS = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.integers(1, 5),
        st.none() | st.tuples(st.integers(1, 30), st.integers(96, 104)),
    ),
    max_size=6,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))
"""When, which order, and what it becomes: quantity and limit; None for a cancel."""


def exits_and_legs(quantity: int) -> tuple[Book, list[Resting]]:
    return [
        buy(1, quantity, limit=101),
        sell(2, quantity, limit=102),
        sell(3, quantity, trail=2),
        sell(4, quantity, limit=103),
        sell(5, quantity, stop=97),
    ]


@given(QUOTES, BARS, st.integers(1, 25), ACTIONS, st.sets(st.integers(1, 12)), st.booleans())
def test_quantity_is_conserved_through_fills_cancels_and_replaces(
    quotes: list[QuoteAt],
    bars: list[BarAt],
    quantity: int,
    actions: list[tuple[int, int, tuple[int, int] | None]],
    stops: set[int],
    only_bars: bool,
) -> None:
    def run(stops: set[int]) -> list[object]:
        rules = Rules(participation_cap=0.5, session_open=0, session_close=12)
        book = Book(Reel(barred(bars, [] if only_bars else quotes)), rules, 0, Journal())
        orders = exits_and_legs(quantity)
        for order in orders:
            order.arrived = -9
        entry, target, trail, *legs = orders
        bracketed(book, entry, target, trail)
        grouped(book, "g", *legs)
        happened = []
        for ts, number, terms in actions:
            happened += played(book, ts, [stop for stop in stops if stop < ts])
            order = book.orders.get(number)
            if order is None:
                continue
            if terms is None:
                book.end(number, ts, OrderState.CANCELLED, "asked")
            elif terms[0] > order.filled:
                limit = None if order.limit is None else terms[1]
                book.replace(number, terms[0], limit, order.stop, ts)
            happened += book.journal.take_happened()
        happened += played(book, 12, stops)
        assert not book.orders
        filled = Counter[int]()
        ended = Counter[int]()

        def largest(*numbers: int) -> int:
            """The most that any of some orders ever was to fill."""
            asked = [terms[0] for _, number, terms in actions if terms and number in numbers]
            return max([quantity, *asked])

        for one in happened:
            assert not ended[one.number]
            if isinstance(one, Execution):
                filled[one.number] += one.quantity
                assert filled[2] + filled[3] <= min(filled[1], largest(2, 3))
                assert filled[4] + filled[5] <= largest(4, 5)
            else:
                ended[one.number] += 1
        for order in orders:
            assert order.filled == filled[order.number] <= order.quantity
            assert order.remaining == 0 or ended[order.number] == 1
        return happened

    assert run(stops) == run(set())
