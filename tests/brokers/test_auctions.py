"""The opening and the closing auction: one price, the cap of one bar's volume for all."""

from small_books import barred, book_of, buy, ends, fills, played, recorded, sell

from orderworks.brokers.simulated.matching.resting import Auction
from orderworks.brokers.simulated.matching.rules import Rules

RULES = Rules(participation_cap=0.1, session_open=2, session_close=10)
QUOTES = [(1, 99, 101, 900, 900)]
BARS = [
    (1, 95, 95, 95, 95, 900),
    (3, 100, 104, 98, 103, 400),
    (5, 101, 101, 101, 101, 900),
    (9, 102, 103, 97, 98, 300),
    (11, 90, 90, 90, 90, 900),
]
OPENING, CLOSING = {"auction": Auction.OPENING}, {"auction": Auction.CLOSING}
MISSED_OPENING = "not filled in the opening auction"
MISSED_CLOSING = "not filled in the closing auction"


def test_the_opening_auction_is_the_open_of_the_first_bar_after_the_open() -> None:
    orders = [
        buy(1, 30, limit=99, **OPENING),
        buy(2, 30, limit=100, **OPENING),
        sell(3, 30, **OPENING),
    ]
    happened = played(book_of(barred(BARS, QUOTES), *orders, rules=RULES))
    assert fills(happened) == [(3, 3, 30, 100), (2, 3, 10, 100)]
    assert ends(happened) == [(2, 3, "EXPIRED", MISSED_OPENING), (1, 3, "EXPIRED", MISSED_OPENING)]


def test_the_closing_auction_is_the_close_of_the_last_bar_by_the_close() -> None:
    orders = [
        buy(1, 20, **CLOSING),
        buy(2, 20, limit=97, **CLOSING),
        sell(3, 20, limit=98, **CLOSING),
    ]
    happened = played(book_of(barred(BARS, QUOTES), *orders, rules=RULES))
    assert fills(happened) == [(1, 10, 20, 98), (3, 10, 10, 98)]
    assert ends(happened) == [
        (3, 10, "EXPIRED", MISSED_CLOSING),
        (2, 10, "EXPIRED", MISSED_CLOSING),
    ]


def test_an_order_that_comes_after_the_opening_has_missed_it() -> None:
    book = book_of(barred(BARS, QUOTES), rules=RULES)
    book.walk(4)
    book.add(buy(1, 30, arrived=4, **OPENING))
    assert ends(played(book)) == [(1, 4, "EXPIRED", MISSED_OPENING)]


def test_without_a_trade_there_is_no_auction() -> None:
    orders = [buy(1, 30, **OPENING), buy(2, 30, **CLOSING)]
    happened = played(book_of(recorded(QUOTES, []), *orders, rules=RULES))
    assert fills(happened) == []
    assert ends(happened) == [
        (1, 10, "EXPIRED", MISSED_OPENING),
        (2, 10, "EXPIRED", MISSED_CLOSING),
    ]


def test_the_end_of_the_session_ends_what_does_not_outlast_it() -> None:
    orders = [buy(1, 30, limit=90), buy(2, 30, limit=90, outlasts_session=True)]
    book = book_of(barred(BARS, QUOTES), *orders, rules=RULES)
    assert ends(played(book)) == [(1, 10, "EXPIRED", "the session ended")]
    assert list(book.orders) == [2]
