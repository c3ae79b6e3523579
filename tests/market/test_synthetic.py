"""The synthetic market looks like one, adds up, and is the same for the same seed."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orderworks.market.calendar import previous_sessions, require_session, sessions_between
from orderworks.market.replay import ReplayMarket
from orderworks.market.synthetic import write_session, write_sessions
from orderworks.market.universe import DEFAULT_UNIVERSE, Listing

SESSION = require_session(date(2026, 11, 20))
EVE = date(2026, 11, 19)
FEW = {name: DEFAULT_UNIVERSE[name] for name in ("SPY", "VIRC")}
SPREAD = ("bid", "ask")


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("synthetic")
    write_session(directory, SESSION, seed=7)
    return directory


@pytest.fixture(scope="module")
def quotes(synthetic: Path) -> pd.DataFrame:
    return pd.read_parquet(synthetic / SESSION.date.isoformat() / "quotes.parquet")


@pytest.fixture(scope="module")
def bars(synthetic: Path) -> pd.DataFrame:
    return pd.read_parquet(synthetic / SESSION.date.isoformat() / "bars.parquet")


@pytest.fixture(scope="module")
def daily(synthetic: Path) -> pd.DataFrame:
    return pd.read_csv(synthetic / "daily.csv")


def test_every_name_is_quoted_before_the_open_and_then_in_regular_hours(
    quotes: pd.DataFrame, bars: pd.DataFrame
) -> None:
    opening = quotes[quotes["ts"] <= SESSION.open]
    assert sorted(opening["symbol"]) == sorted(DEFAULT_UNIVERSE)
    assert (opening["ts"] > SESSION.open - timedelta(seconds=10)).all()
    assert quotes["ts"].max() <= SESSION.close
    assert bars["ts"].min() > SESSION.open
    assert bars["ts"].max() == SESSION.close
    for frame in (quotes, bars):
        assert frame["ts"].is_monotonic_increasing
        assert not frame.duplicated(["ts", "symbol"]).any()


def test_quotes_are_on_the_grid_in_round_lots_and_mostly_sound(quotes: pd.DataFrame) -> None:
    cents = quotes[list(SPREAD)] * 100
    assert np.allclose(cents, cents.round(), atol=1e-6)
    sizes = quotes[["bid_size", "ask_size"]]
    assert ((sizes % 100 == 0) & (sizes > 0)).all(axis=None)
    ticks = ((quotes["ask"] - quotes["bid"]) * 100).round()
    assert ticks.between(-1, 10).all()
    assert 0.007 < (ticks <= 0).mean() < 0.013
    assert {-1, 0} <= set(ticks)


def test_liquid_names_are_busy_and_some_names_are_wide_and_thin(
    quotes: pd.DataFrame, synthetic: Path
) -> None:
    a_second = quotes.groupby("symbol").size() / (SESSION.close - SESSION.open).total_seconds()
    assert a_second[["SPY", "AAPL", "BAC"]].between(0.30, 0.51).all()
    mid = quotes[list(SPREAD)].mean(axis=1)
    spread = ((quotes["ask"] - quotes["bid"]) / mid * 1e4).groupby(quotes["symbol"]).median()
    assert (spread > 20).sum() == 2
    assert spread["SPY"] < 1
    market = ReplayMarket(synthetic, SESSION.date)
    adv = market.average_daily_volume(list(spread.index), SESSION.date)
    assert (adv < 300_000).sum() == 4
    sigma = market.daily_volatility(list(spread.index), SESSION.date)
    listed = pd.Series({name: listing.daily_volatility for name, listing in
                        DEFAULT_UNIVERSE.items()})  # fmt: skip
    assert (sigma / listed).between(0.5, 1.7).all()


def test_trades_are_inside_the_quotes_of_their_second(
    quotes: pd.DataFrame, bars: pd.DataFrame
) -> None:
    standing = pd.merge_asof(bars, quotes, on="ts", by="symbol")
    below, above = standing[list(SPREAD)].min(axis=1), standing[list(SPREAD)].max(axis=1)
    assert (standing["low"] >= below).all()
    assert (standing["high"] <= above).all()
    assert (bars["low"] <= bars[["open", "close"]].min(axis=1)).all()
    assert (bars["high"] >= bars[["open", "close"]].max(axis=1)).all()
    assert (bars["volume"] > 0).all()


@pytest.mark.parametrize("day", [SESSION.date, EVE])
def test_a_daily_bar_is_the_sum_of_its_seconds(
    synthetic: Path, daily: pd.DataFrame, day: date
) -> None:
    seconds = pd.read_parquet(synthetic / day.isoformat() / "bars.parquet").groupby("symbol")
    written = daily[daily["date"] == day.isoformat()].set_index("symbol")
    assert set(written.index) == set(DEFAULT_UNIVERSE)
    plain = {"volume": "sum", "high": "max", "low": "min", "open": "first", "close": "last"}
    for column, total in plain.items():
        assert (written[column] == seconds[column].agg(total)).all()


def test_daily_bars_reach_back_over_the_sessions_before(daily: pd.DataFrame) -> None:
    expected = [*previous_sessions(SESSION.date, 25), SESSION.date]
    assert sorted(set(daily["date"])) == [day.isoformat() for day in expected]
    assert len(daily) == 26 * len(DEFAULT_UNIVERSE)
    assert (daily["low"] <= daily[["open", "close"]].min(axis=1)).all()
    assert (daily["high"] >= daily[["open", "close"]].max(axis=1)).all()
    before = daily[daily["date"] < EVE.isoformat()].groupby("symbol")["close"].last()
    assert before.to_dict() == {name: each.price for name, each in DEFAULT_UNIVERSE.items()}


def test_volume_is_high_at_both_ends_of_the_day(synthetic: Path) -> None:
    market = ReplayMarket(synthetic, SESSION.date)
    curve = market.volume_curve("SPY", SESSION.open, SESSION.close, 6)
    assert curve is not None
    assert min(curve[0], curve[-1]) > 1.5 * max(curve[2:4])


def test_the_same_seed_writes_the_same_data(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        write_session(tmp_path / name, SESSION, FEW, seed=seed, earlier_sessions=2)
    files = sorted(file.relative_to(tmp_path / "one") for file in (tmp_path / "one").rglob("*.*"))
    assert [str(file) for file in files] == [
        "2026-11-19/bars.parquet",
        "2026-11-20/bars.parquet",
        "2026-11-20/quotes.parquet",
        "daily.csv",
    ]
    for file in files:
        read = pd.read_csv if file.suffix == ".csv" else pd.read_parquet
        one, again, other = (read(tmp_path / name / file) for name in ("one", "again", "other"))
        pd.testing.assert_frame_equal(one, again)
        assert not one.equals(other)


def test_a_half_day_ends_at_its_close(tmp_path: Path) -> None:
    half_day = require_session(date(2026, 11, 27))
    write_session(tmp_path, half_day, FEW, seed=3, earlier_sessions=1)
    market = ReplayMarket(tmp_path, half_day.date)
    bars = market.bars_between("SPY", half_day.open, half_day.close + timedelta(hours=3))
    assert bars["ts"].max() == half_day.close
    assert market.symbols == set(FEW)


def test_a_cheap_name_keeps_a_bid(tmp_path: Path) -> None:
    penny = {"P": replace(DEFAULT_UNIVERSE["VIRC"], price=2.0, daily_volatility=0.2)}
    write_session(tmp_path, SESSION, penny, seed=3)
    tape = ReplayMarket(tmp_path, SESSION.date).arrays("P")
    assert tape.bid.min() > 0
    assert tape.ask.min() > 0


@pytest.mark.parametrize("wrong", [{"symbols": {}}, {"earlier_sessions": 0}])
def test_nothing_to_write_is_an_error(
    tmp_path: Path, wrong: dict[str, dict[str, Listing] | int]
) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        write_session(tmp_path, SESSION, seed=1, **wrong)


def test_sessions_in_a_row_open_near_the_last_close(tmp_path: Path) -> None:
    days = sessions_between(date(2024, 11, 27), date(2024, 12, 2))
    write_sessions(tmp_path, days, FEW, seed=7, earlier_sessions=2)
    daily = pd.read_csv(tmp_path / "daily.csv")
    assert sorted(set(daily["date"]))[-3:] == ["2024-11-27", "2024-11-29", "2024-12-02"]
    for symbol, own in daily.groupby("symbol"):
        listing = FEW[str(symbol)]
        gaps = np.log(own["open"].to_numpy()[1:] / own["close"].to_numpy()[:-1])
        assert (np.abs(gaps) < 5 * listing.daily_volatility).all()
    for session in days:
        market = ReplayMarket(tmp_path, session.date)
        assert market.symbols == set(FEW)
        bars = market.bars_between("SPY", session.open, session.close)
        of_day = daily[(daily["date"] == str(session.date)) & (daily["symbol"] == "SPY")]
        assert bars["volume"].sum() == of_day["volume"].iloc[0]


def test_one_session_is_the_first_of_several(tmp_path: Path) -> None:
    write_session(tmp_path / "one", SESSION, FEW, seed=7, earlier_sessions=1)
    following = require_session(date(2026, 11, 23))
    write_sessions(tmp_path / "two", [SESSION, following], FEW, seed=7, earlier_sessions=1)
    for name in ("quotes.parquet", "bars.parquet"):
        one, two = (
            pd.read_parquet(tmp_path / folder / str(SESSION.date) / name)
            for folder in ("one", "two")
        )
        pd.testing.assert_frame_equal(one, two)


def test_no_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sessions must not be empty"):
        write_sessions(tmp_path, [], FEW, seed=7)
