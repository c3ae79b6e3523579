"""A book's way along a reel: what is passed over could not have mattered."""

import pytest
from arrivals import ARRIVALS, CAPS, STOPS, Arrival, play
from drawn_tapes import QUOTES, TRADES
from hypothesis import given
from hypothesis import strategies as st
from small_books import QuoteAt, TradeAt, recorded

from orderworks.brokers.simulated.matching import playhead


@given(QUOTES, TRADES, ARRIVALS, CAPS, STOPS, st.integers(1, 5), st.integers(1, 2))
def test_how_much_of_a_tape_is_wound_at_a_time_changes_nothing(
    quotes: list[QuoteAt],
    trades: list[TradeAt],
    arrivals: list[Arrival],
    cap: float,
    stops: set[int],
    few: int,
    all_of: int,
) -> None:
    """On a tape so short every event is made; only few are where a stretch of one is sifted."""
    tape = recorded(quotes, trades)
    expected = play(tape, arrivals, cap, stops)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(playhead, "FEW", few)
        patched.setattr(playhead, "ALL_OF", all_of)
        assert play(tape, arrivals, cap, stops) == expected
