"""Any small tapes: sound quotes and unsound ones, bars, and trades from their low to their high."""

from hypothesis import strategies as st

TIMES = st.integers(1, 12)
SIZES = st.integers(0, 12)
QUOTES = st.lists(
    st.builds(
        lambda ts, bid, spread, *sizes: (ts, bid, bid + spread, *sizes),
        TIMES, st.sampled_from([0, *range(97, 103)]), st.integers(-1, 3), SIZES, SIZES,
    ),
    max_size=10,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))  # fmt: skip
BARS = st.lists(
    st.builds(
        lambda ts, prices, volume: (
            ts, prices[0], max(prices), min(prices), prices[-1], volume,
        ),
        TIMES, st.lists(st.integers(96, 104), min_size=1, max_size=4), st.integers(1, 60),
    ),
    max_size=10,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))  # fmt: skip
PRICES = st.integers(96, 104)
TRADES = st.lists(
    st.builds(
        lambda ts, low, width, volume: (ts, low, low + width, volume),
        TIMES, PRICES, st.integers(0, 4), st.integers(1, 60),
    ),
    max_size=10,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))  # fmt: skip
