"""A symbol's tape, event by event, and only where it comes to a price."""

import pandas as pd
from drawn_tapes import BARS, QUOTES
from hypothesis import given
from hypothesis import strategies as st
from small_books import BarAt, QuoteAt, barred

from orderworks.brokers.simulated.matching.event import Event, Reach
from orderworks.brokers.simulated.matching.reel import Reel

COLUMNS = ["bid", "ask", "bid_size", "ask_size", "open", "high", "low", "close", "volume"]
PRICE = st.none() | st.integers(95, 105)


def joined(quotes: list[QuoteAt], bars: list[BarAt]) -> list[tuple[int, ...]]:
    """The events by a plain as-of join, up to their total volume."""
    quoted = pd.DataFrame(quotes, columns=["ts", *COLUMNS[:4]], dtype=int)
    traded = pd.DataFrame(bars, columns=["ts", *COLUMNS[4:]], dtype=int)
    seconds = pd.DataFrame({"ts": sorted({*quoted["ts"], *traded["ts"]})}, dtype=int)
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    sums = traded.groupby("ts").agg(how).reset_index()
    rows = pd.merge_asof(seconds, quoted, on="ts").merge(sums, on="ts", how="left")
    rows = rows.fillna(0).astype("int64")
    rows["total"] = rows["volume"].cumsum()
    return [tuple(row) for row in rows[["ts", *COLUMNS, "total"]].to_numpy().tolist()]


@given(QUOTES, BARS, st.integers(0, 13), st.integers(0, 13))
def test_the_events_are_a_plain_as_of_join(
    quotes: list[QuoteAt], bars: list[BarAt], after: int, until: int
) -> None:
    reel = Reel(barred(bars, quotes))
    events = reel.events(reel.stretch(after, until))
    expected = [row for row in joined(quotes, bars) if after < row[0] <= until]
    assert [event[:-1] for event in events] == expected


@given(QUOTES, BARS, st.integers(0, 13), st.builds(Reach, *[PRICE] * 6))
def test_only_events_that_reach_a_price_are_wound_to(
    quotes: list[QuoteAt], bars: list[BarAt], after: int, reach: Reach
) -> None:
    def reaches(event: Event) -> bool:
        quoted = any(row[0] == event.ts for row in quotes)
        traded = event.volume > 0
        return (
            (reach.buy is not None and 0 < event.ask <= reach.buy)
            or (reach.buy is not None and traded and event.low <= reach.buy)
            or (reach.sell is not None and event.bid >= reach.sell)
            or (reach.sell is not None and traded and event.high >= reach.sell)
            or (reach.seen_buy is not None and quoted and event.bid <= reach.seen_buy)
            or (reach.seen_sell is not None and quoted and event.ask >= reach.seen_sell)
            or (reach.falling is not None and traded and event.low <= reach.falling)
            or (reach.rising is not None and traded and event.high >= reach.rising)
        )

    reel = Reel(barred(bars, quotes))
    stretch = reel.stretch(after, 13)
    wound = reel.events_at(reel.times_reaching(stretch, reach))
    events = reel.events(stretch)
    assert [event for event in events if reaches(event)] == [one for one in wound if reaches(one)]
    assert set(wound) <= set(events)


@given(QUOTES, BARS, st.integers(0, 13))
def test_what_stands_at_a_time_is_what_came_last(
    quotes: list[QuoteAt], bars: list[BarAt], at: int
) -> None:
    reel = Reel(barred(bars, quotes))
    assert reel.quote(at) == ([row[1:] for row in quotes if row[0] <= at] or [(0, 0, 0, 0)])[-1]
    assert reel.volume(at) == sum(row[5] for row in bars if row[0] <= at)
    assert reel.last_trade(at) == ([None] + [row[4] for row in bars if row[0] <= at])[-1]
    last = reel.last_bar(0, at)
    assert (last and last.close) == reel.last_trade(at)


@given(BARS, st.lists(st.integers(0, 13)))
def test_the_volume_is_the_same_in_whatever_order_it_is_asked(
    bars: list[BarAt], asked: list[int]
) -> None:
    reel = Reel(barred(bars))
    expected = [sum(row[5] for row in bars if row[0] <= at) for at in asked]
    assert [reel.volume(at) for at in asked] == expected


def test_without_quotes_an_order_must_have_come_before_the_bar_began() -> None:
    bars = [(10, 5, 5, 5, 5, 1), (20, 5, 5, 5, 5, 1), (50, 5, 5, 5, 5, 1)]
    assert admitted(Reel(barred(bars))) == [0, 10, 40]
    assert admitted(Reel(barred(bars), 7)) == [0, 10, 40]
    assert admitted(Reel(barred(bars[:1]), 7)) == [7]
    assert admitted(Reel(barred(bars, [(20, 4, 6, 1, 1)]))) == [9, 19, 49]


def admitted(reel: Reel) -> list[int]:
    """By when an order must have come to take part in each event."""
    return [event.admits for event in reel.events(reel.stretch(0, 99))]
