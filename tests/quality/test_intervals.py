"""Interval benchmarks: read off running sums, they are what their definitions say."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from quality_tables import CLOSE, at, bar, quote, recorded

from orderworks.market.replay import ReplayMarket
from orderworks.quality.benchmarks import twap_benchmark, vwap_benchmark
from orderworks.quality.histories import Histories
from orderworks.quality.intervals import interval_twaps, interval_vwaps, measure_intervals

TICKS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 9_999), st.integers(0, 500)), max_size=15
).map(lambda ticks: sorted(ticks, key=lambda tick: tick[0]))
SPANS = st.lists(st.tuples(st.integers(-5, 45), st.integers(0, 30)), min_size=1, max_size=5)


def columns(ticks: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = np.array(ticks, dtype=np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1] / 100, table[:, 2].astype(float)


@given(TICKS, SPANS)
@example([(10, 500, 1)], [(0, 10)])  # the first price comes at the very end: nothing before it
def test_a_twap_is_the_benchmark_of_its_interval(
    ticks: list[tuple[int, int, int]], spans: list[tuple[int, int]]
) -> None:
    times, prices, _ = columns(ticks)
    starts = np.array([start for start, _ in spans])
    ends = starts + [length for _, length in spans]
    found = interval_twaps(times, prices, starts, ends)
    for mean, start, end in zip(found, starts, ends, strict=True):
        if end > start:
            expected = twap_benchmark(times, prices, int(start), int(end))
        else:
            standing = [price for time, price in zip(times, prices, strict=True) if time <= start]
            expected = standing[-1] if standing else None
        assert mean == pytest.approx(np.nan if expected is None else expected, nan_ok=True)


@given(TICKS, SPANS)
def test_a_vwap_is_the_benchmark_of_the_trades_in_its_interval(
    ticks: list[tuple[int, int, int]], spans: list[tuple[int, int]]
) -> None:
    times, prices, volumes = columns(ticks)
    starts = np.array([start for start, _ in spans])
    ends = starts + [length for _, length in spans]
    found = interval_vwaps(times, prices, volumes, starts, ends)
    for mean, start, end in zip(found, starts, ends, strict=True):
        inside = (times > start) & (times <= end)
        expected = vwap_benchmark(prices[inside], volumes[inside])
        assert mean == pytest.approx(np.nan if expected is None else expected, nan_ok=True)


def test_running_sums_keep_their_digits_over_a_long_day() -> None:
    random = np.random.default_rng(7)
    times = np.sort(random.integers(0, 23_400_000_000, 50_000))
    prices = 180 + np.cumsum(random.normal(0, 0.001, len(times)))
    volumes = random.integers(1, 10_000, len(times)).astype(float)
    starts = random.integers(0, 23_300_000_000, 50)
    ends = starts + random.integers(1_000, 100_000_000, 50)
    for mean, start, end in zip(
        interval_twaps(times, prices, starts, ends), starts, ends, strict=True
    ):
        assert mean == pytest.approx(twap_benchmark(times, prices, int(start), int(end)), rel=1e-10)
    for mean, start, end in zip(
        interval_vwaps(times, prices, volumes, starts, ends), starts, ends, strict=True
    ):
        inside = (times > start) & (times <= end)
        expected = vwap_benchmark(prices[inside], volumes[inside])
        assert mean == pytest.approx(
            np.nan if expected is None else expected, rel=1e-10, nan_ok=True
        )


def measured(market: ReplayMarket, *spans: tuple[str, float, float]) -> pd.DataFrame:
    intervals = pd.DataFrame(
        [(symbol, at(start), at(end)) for symbol, start, end in spans],
        columns=["symbol", "start", "end"],
    )
    return measure_intervals(intervals, Histories(market, CLOSE))


def test_crossed_and_one_sided_quotes_do_not_move_the_mid(tmp_path: Path) -> None:
    market = recorded(
        tmp_path,
        [
            quote(0, 10.00, 10.02),
            quote(10, 10.50, 10.40),  # crossed
            quote(20, 0.0, 10.90),  # one-sided
            quote(30, 10.03, 10.03),  # locked: sound
            quote(40, 10.05, 10.07),
        ],
    )
    row = measured(market, ("A", 0, 50)).iloc[0]
    # 30 s of 10.01, 10 s of 10.03, 10 s of 10.06
    assert row["twap_price"] == pytest.approx(10.024, rel=1e-12)
    assert row["end_price"] == Decimal("10.06")


def test_an_order_is_measured_alike_whichever_others_there_are(tmp_path: Path) -> None:
    market = recorded(tmp_path, [quote(0, 10.00, 10.02), quote(10, 10.5, 10.4), quote(30, 10, 11)])
    alone = measured(market, ("A", 15, 40)).iloc[0]
    together = measured(market, ("A", 1, 5), ("B", 0, 9), ("A", 15, 40)).iloc[2]
    assert alone["twap_price"] == together["twap_price"]


def test_the_end_price_is_the_exact_mid_or_the_last_trade_or_nothing(tmp_path: Path) -> None:
    market = recorded(
        tmp_path,
        [quote(10, 13.87, 13.88), quote(50, 13.90, 13.89)],
        [bar(20, 13.8701, 500), bar(45, 99.0, 0)],
    )
    found = measured(market, ("A", 0, 5), ("A", 0, 30), ("A", 0, 60), ("B", 0, 60))
    assert found["end_price"].tolist() == [None, Decimal("13.875"), Decimal("13.8701"), None]


def test_what_the_market_does_not_have_is_missing(tmp_path: Path) -> None:
    market = recorded(tmp_path, [quote(10, 0.0, 10.02)], [bar(5, 10.0, 100)])
    found = measured(market, ("A", 5, 20), ("B", 5, 20))
    assert found[["twap_price", "vwap_price"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("symbol", "twap", "vwap"),
    [
        ("BAC", 13.87568, 13.87551),
        ("IBM", 180.56885, 180.5586),
        ("AIG", 48.88589, 48.87983),
    ],
)
def test_half_an_hour_of_the_real_market(
    sample_market: Path, symbol: str, twap: float, vwap: float
) -> None:
    start = datetime(2013, 10, 8, 14, tzinfo=UTC)  # 10:00 in New York
    intervals = pd.DataFrame(
        {"symbol": [symbol], "start": [start], "end": [start + timedelta(minutes=30)]}
    )
    market = ReplayMarket(sample_market, date(2013, 10, 8))
    histories = Histories(market, datetime(2013, 10, 8, 20, tzinfo=UTC))
    row = measure_intervals(intervals, histories).iloc[0]
    assert row["twap_price"] == pytest.approx(twap, rel=1e-5)
    assert row["vwap_price"] == pytest.approx(vwap, rel=2e-4)
