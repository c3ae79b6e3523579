"""A replayed session answers what was known, and only that."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderworks.market.calendar import NEW_YORK
from orderworks.market.files import BAR_COLUMNS, DAILY_COLUMNS, QUOTE_COLUMNS
from orderworks.market.replay import ReplayMarket
from orderworks.market.tape import dollars, microseconds

DAY = date(2026, 11, 20)
OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
SYMBOLS = ("A", "B", "C")


def at(seconds: float) -> datetime:
    return OPEN + timedelta(seconds=seconds)


def quote(seconds: float, symbol: str, bid: float = 10.0) -> dict[str, object]:
    values = (at(seconds), symbol, bid, bid + 0.01, 100, 200)
    return dict(zip(QUOTE_COLUMNS, values, strict=True))


def bar(ts: datetime, symbol: str, volume: int) -> dict[str, object]:
    return dict(zip(BAR_COLUMNS, (ts, symbol, 10.0, 10.02, 9.99, 10.01, volume), strict=True))


def daily(day: date, symbol: str, close: float, volume: int) -> dict[str, object]:
    values = (day.isoformat(), symbol, close, close, close, close, volume)
    return dict(zip(DAILY_COLUMNS, values, strict=True))


def write(
    directory: Path,
    day: date,
    quotes: list[dict[str, object]] | None = None,
    bars: list[dict[str, object]] | None = None,
) -> None:
    folder = directory / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    files = {"quotes": (quotes, QUOTE_COLUMNS), "bars": (bars, BAR_COLUMNS)}
    for name, (rows, columns) in files.items():
        frame = pd.DataFrame(rows or [], columns=list(columns))
        frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
        frame = frame.astype(dict.fromkeys(columns[2:], float))
        frame.to_parquet(folder / f"{name}.parquet")


TICKS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(SYMBOLS), st.integers(1, 9)), max_size=25
)


@settings(max_examples=settings.default.max_examples // 2, deadline=None)
@given(TICKS, TICKS, st.integers(-1, 21), st.permutations([*SYMBOLS, "never quoted"]))
def test_nothing_later_changes_what_was_known(
    tmp_path_factory: pytest.TempPathFactory,
    ticks: list[tuple[int, str, int]],
    others: list[tuple[int, str, int]],
    now: int,
    asked: list[str],
) -> None:
    rows = [quote(second, symbol, bid) for second, symbol, bid in ticks]
    later = [quote(now + 1 + second, symbol, bid) for second, symbol, bid in others]
    known_only, everything = (tmp_path_factory.mktemp("market") for _ in range(2))
    write(known_only, DAY, [row for row in rows if row["ts"] <= at(now)])
    write(everything, DAY, later + rows)

    found = ReplayMarket(everything, DAY).quotes_at(at(now), asked)
    pd.testing.assert_frame_equal(found, ReplayMarket(known_only, DAY).quotes_at(at(now), asked))
    assert found["symbol"].tolist() == asked
    for row in found.itertuples():
        before = [tick for tick in ticks if tick[1] == row.symbol and tick[0] <= now]
        if before:
            latest = max(second for second, _, _ in before)
            assert row.ts == at(latest)
            assert row.bid == [bid for second, _, bid in before if second == latest][-1]
        else:
            assert row.ts is pd.NaT
            assert np.isnan([row.bid, row.ask, row.bid_size, row.ask_size]).all()


def test_rows_between_exclude_the_start_and_include_the_end(tmp_path: Path) -> None:
    rows = [quote(second, "A") for second in (3, 1, 2, 4)] + [quote(0, "B")]
    bars = [bar(at(second), "A", 100 + second) for second in (1, 2, 3, 4)]
    write(tmp_path, DAY, rows, bars)
    market = ReplayMarket(tmp_path, DAY)

    def seconds(frame: pd.DataFrame) -> list[float]:
        return [(ts - OPEN).total_seconds() for ts in frame["ts"]]

    assert seconds(market.quotes_between("A", at(1), at(3))) == [2, 3]
    assert seconds(market.quotes_between("A", at(1), at(3), prevailing=True)) == [1, 2, 3]
    assert seconds(market.quotes_between("A", at(2.5), at(3), prevailing=True)) == [2, 3]
    # Nothing stood before the first quote of B: the rows before it are those of A.
    assert seconds(market.quotes_between("B", at(-1), at(0), prevailing=True)) == [0]
    assert seconds(market.quotes_between("A", at(3), at(1))) == []
    assert seconds(market.quotes_between("none", at(0), at(9), prevailing=True)) == []
    found = market.bars_between("A", at(1), at(3))
    assert found["volume"].tolist() == [102, 103]
    assert list(found.columns) == ["symbol", "ts", "open", "high", "low", "close", "volume"]
    assert market.symbols == {"A", "B"}


def test_the_tape_is_exact_and_empty_for_a_stranger(tmp_path: Path) -> None:
    write(tmp_path, DAY, [quote(1, "A", 10.0701), quote(0, "A", 0.0003)], [bar(at(5), "A", 7)])
    tape = ReplayMarket(tmp_path, DAY).arrays("A")
    assert tape.quote_ts.tolist() == [microseconds(at(0)), microseconds(at(1))]
    assert tape.bid.tolist() == [3, 100_701]
    assert (tape.high.tolist(), tape.low.tolist()) == ([100_200], [99_900])
    assert str(dollars(tape.bid[1])) == "10.0701"
    assert {tape.bid.dtype, tape.ask_size.dtype, tape.bar_ts.dtype} == {np.dtype("int64")}
    stranger = ReplayMarket(tmp_path, DAY).arrays("none")
    assert len(stranger.bid) == len(stranger.quote_ts) == len(stranger.volume) == 0


@pytest.fixture
def daily_market(tmp_path: Path) -> ReplayMarket:
    """Six sessions of closes and volumes; NEW trades in the last three, GONE in the first two."""
    days = [date(2026, 11, day) for day in (12, 13, 16, 17, 18, 19)]
    closes = [100.0, 101.0, 99.0, 102.0, 103.0, 101.5]
    rows = [
        daily(day, "A", close, 1000 * i)
        for i, (day, close) in enumerate(zip(days, closes, strict=True))
    ]
    rows += [daily(day, "NEW", 10.0 + i, 500) for i, day in enumerate(days[-3:])]
    rows += [daily(day, "GONE", 10.0, 9_000) for day in days[:2]]
    rows += [daily(days[0], "NA", 5.0, 40)]
    pd.DataFrame(reversed(rows)).to_csv(tmp_path / "daily.csv", index=False)
    write(tmp_path, DAY)
    return ReplayMarket(tmp_path, DAY)


def test_daily_bars_stop_before_the_day(daily_market: ReplayMarket) -> None:
    found = daily_market.daily_before(date(2026, 11, 17))
    assert found["date"].max() == pd.Timestamp("2026-11-16")
    assert found["date"].is_monotonic_increasing
    assert "NA" in set(found["symbol"])


def test_volume_is_averaged_over_the_last_sessions(daily_market: ReplayMarket) -> None:
    adv = daily_market.average_daily_volume(["NEW", "A", "GONE", "?"], date(2026, 11, 19), days=3)
    assert adv.index.tolist() == ["NEW", "A", "GONE", "?"]
    assert adv.tolist()[:2] == [500, 3000]
    assert adv.isna().tolist()[2:] == [True, True]


def test_volatility_is_that_of_close_to_close_returns(daily_market: ReplayMarket) -> None:
    sigma = daily_market.daily_volatility(["A", "NEW", "?"], date(2026, 11, 19), days=2)
    expected = np.std(np.log([102 / 99, 103 / 102]), ddof=1)
    assert sigma["A"] == pytest.approx(expected)
    assert sigma[["NEW", "?"]].isna().all()


def on(day: date, hour: int, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


def test_the_volume_curve_follows_new_york_time_over_a_clock_change(tmp_path: Path) -> None:
    friday, monday = date(2026, 10, 30), date(2026, 11, 2)
    write(tmp_path, friday, bars=[
        bar(on(friday, 9, 45), "A", 300),
        bar(on(friday, 10, 0), "A", 300),
        bar(on(friday, 10, 1), "A", 200),
        bar(on(friday, 10, 45), "A", 5_000),
    ])  # fmt: skip
    write(tmp_path, monday, bars=[bar(on(monday, 10, 15), "A", 9_999)])
    market = ReplayMarket(tmp_path, monday)
    curve = market.volume_curve("A", on(monday, 9, 30), on(monday, 10, 30), 2)
    assert curve is not None
    assert curve.tolist() == [0.75, 0.25]
    assert market.volume_curve("B", on(monday, 9, 30), on(monday, 10, 30), 2) is None
    assert ReplayMarket(tmp_path, friday).volume_curve("A", OPEN, at(60), 1) is None


def test_the_volume_curve_is_of_the_latest_session_that_traded_those_hours(tmp_path: Path) -> None:
    wednesday, half_day, monday = date(2026, 11, 25), date(2026, 11, 27), date(2026, 11, 30)
    hours = (10, 12, 13)
    write(tmp_path, wednesday, bars=[bar(on(wednesday, h, 30), "A", 100) for h in hours])
    write(tmp_path, half_day, bars=[bar(on(half_day, h, 10), "A", 100) for h in (10, 12)])
    write(tmp_path, monday)
    market = ReplayMarket(tmp_path, monday)
    morning = market.volume_curve("A", on(monday, 10, 0), on(monday, 11, 0), 2)
    noon = market.volume_curve("A", on(monday, 12, 0), on(monday, 14, 0), 2)
    assert morning is not None
    assert noon is not None
    assert (morning.tolist(), noon.tolist()) == ([1.0, 0.0], [0.5, 0.5])
    with pytest.raises(ValueError, match="slices"):
        market.volume_curve("A", on(monday, 12, 0), on(monday, 14, 0), 0)


def test_quotes_of_the_sample_agree_with_a_plain_computation(sample_market: Path) -> None:
    day = date(2013, 10, 7)
    market = ReplayMarket(sample_market, day)
    quotes = pd.read_parquet(sample_market / day.isoformat() / "quotes.parquet")
    asked = ["SPY", "IBM", "none", "AIG", "BAC"]
    first, last = quotes["ts"].min(), quotes["ts"].max()
    times = [first - timedelta(seconds=1), first, last, last + timedelta(days=1)]
    times += quotes["ts"].sample(20, random_state=1).tolist()
    times += [ts + timedelta(microseconds=-1) for ts in times[4:10]]
    for ts in times:
        known = quotes[quotes["ts"] <= ts].groupby("symbol").last().reindex(asked).reset_index()
        expected = known[["symbol", "ts", "bid", "ask", "bid_size", "ask_size"]]
        found = market.quotes_at(ts.to_pydatetime(), asked)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_the_sample_s_averages_agree_with_a_plain_computation(sample_market: Path) -> None:
    day = date(2013, 10, 8)
    market = ReplayMarket(sample_market, day)
    bars = pd.read_csv(sample_market / "daily.csv")
    ibm = bars[(bars["symbol"] == "IBM") & (bars["date"] < "2013-10-08")].tail(21)
    adv = market.average_daily_volume(["IBM"], day)["IBM"]
    assert adv == pytest.approx(ibm["volume"].tail(20).mean())
    returns = np.log(ibm["close"]).diff().dropna()
    assert market.daily_volatility(["IBM"], day)["IBM"] == pytest.approx(returns.std())

    start, end = on(day, 10, 0), on(day, 11, 0)
    curve = market.volume_curve("IBM", start, end, 6)
    trades = pd.read_parquet(sample_market / "2013-10-07" / "bars.parquet").query("symbol == 'IBM'")
    minutes = (trades["ts"] - (start - timedelta(days=1))) / timedelta(minutes=10)
    volumes = trades["volume"].groupby(np.ceil(minutes)).sum().loc[1:6]
    assert curve is not None
    assert curve == pytest.approx(volumes / volumes.sum())
