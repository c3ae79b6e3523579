"""A file that cannot be used is refused in one sentence that names the place."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orderworks.market.files import read_bars, read_daily, read_quotes, require_recorded
from orderworks.market.replay import ReplayMarket
from orderworks.model.errors import MarketDataError

TS = pd.DatetimeIndex([datetime(2026, 11, 20, 15, second, tzinfo=UTC) for second in (0, 1)])
QUOTES = pd.DataFrame(
    {"ts": TS, "symbol": "A", "bid": 10.0, "ask": 10.01, "bid_size": 100, "ask_size": 100}
)
BARS = pd.DataFrame(
    {"ts": TS, "symbol": "A", "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 5}
)
DAILY = BARS.drop(columns="ts").assign(date=["2026-11-19", "2026-11-20"])


def second_row(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{column: [frame[column].iloc[0], value]})

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda frame: frame.drop(columns="ask"), "has no column 'ask'"),
        (lambda frame: frame.assign(ts=frame["ts"].dt.tz_localize(None)), "'ts'.*time zone"),
        (lambda frame: frame.assign(ts="2026"), "column 'ts' holds str"),
        (lambda frame: frame.assign(bid="ten"), "column 'bid' holds str; write numbers"),
        (second_row("ts", pd.NaT), "row 2: ts NaT is no time"),
        (second_row("symbol", None), "row 2: symbol nan is no symbol"),
        (second_row("bid", -0.01), "row 2: bid -0.01 is no price"),
        (second_row("ask", np.inf), "row 2: ask inf is no number"),
        (second_row("bid_size", 0.5), "row 2: bid_size 0.5 is no count of shares"),
        (second_row("ask_size", 2.0**63), "row 2: ask_size 9.22.*e.18 is no count of shares"),
    ],
)
def test_malformed_quotes(
    tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], complaint: str
) -> None:
    path = tmp_path / "quotes.parquet"
    change(QUOTES).to_parquet(path)
    with pytest.raises(MarketDataError, match=complaint) as refused:
        read_quotes(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (second_row("close", np.nan), "row 2: close nan is no number"),
        (second_row("low", 0.0), "row 2: low 0.0 is no price above 0"),
        (second_row("volume", -1), "row 2: volume -1 is no count of shares"),
        (second_row("volume", 1e300), r"row 2: volume 1e\+300 is no count of shares"),
        (
            lambda frame: frame.assign(volume=np.array([5, 2**63], np.uint64)),
            f"row 2: volume {2**63} is no count of shares",
        ),
    ],
)
def test_malformed_bars(
    tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], complaint: str
) -> None:
    path = tmp_path / "bars.parquet"
    change(BARS).to_parquet(path)
    with pytest.raises(MarketDataError, match=complaint):
        read_bars(path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda frame: frame.drop(columns="volume"), "has no column 'volume'"),
        (second_row("date", "20.11.2026"), "has a date that is not like"),
        (second_row("date", "2026-11-19"), "row 2: symbol A has a second row for its date"),
        (second_row("close", ""), "column 'close' holds str"),
        (second_row("volume", 1e19), r"row 2: volume 1e\+19 is no count of shares"),
        (second_row("volume", 2**63), "row 2: volume .* is no count of shares"),
        (second_row("volume", 10**30), "volume"),
    ],
)
def test_malformed_daily_bars(
    tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], complaint: str
) -> None:
    path = tmp_path / "daily.csv"
    change(DAILY).to_csv(path, index=False)
    with pytest.raises(MarketDataError, match=complaint) as refused:
        read_daily(path)
    assert "\n" not in str(refused.value)


def test_the_largest_count_of_shares_is_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "bars.parquet"
    second_row("volume", 2**63 - 1)(BARS).to_parquet(path)
    assert read_bars(path)["volume"].tolist() == [5, 2**63 - 1]


def test_an_absent_side_is_zero(tmp_path: Path) -> None:
    path = tmp_path / "quotes.parquet"
    QUOTES.assign(bid=[10.0, np.nan], bid_size=[100, np.nan]).to_parquet(path)
    found = read_quotes(path)
    assert found["bid"].tolist() == [10.0, 0.0]
    assert found["bid_size"].tolist() == [100, 0]


@pytest.mark.parametrize(("name", "read"), [("bars.parquet", read_bars), ("daily.csv", read_daily)])
def test_missing_and_unreadable_files(
    tmp_path: Path, name: str, read: Callable[[Path], pd.DataFrame]
) -> None:
    with pytest.raises(MarketDataError, match=f"there is no .*{name}"):
        read(tmp_path / name)
    (tmp_path / name).write_bytes(b"\xff\x00")
    with pytest.raises(MarketDataError, match=f"{name} "):
        read(tmp_path / name)


def test_a_missing_session_names_those_that_exist(tmp_path: Path) -> None:
    for name in ("2026-11-18", "2026-11-19", "notes"):
        (tmp_path / name).mkdir()
    said = (
        r"2026-11-20; it has 2026-11-18, 2026-11-19; name one that it holds, or another directory$"
    )
    with pytest.raises(MarketDataError, match=said):
        ReplayMarket(tmp_path, date(2026, 11, 20))
    with pytest.raises(MarketDataError, match="no market directory"):
        ReplayMarket(tmp_path / "nowhere", date(2026, 11, 20))


def test_a_session_without_its_quotes_says_so_when_they_are_needed(tmp_path: Path) -> None:
    (tmp_path / "2026-11-20").mkdir()
    market = ReplayMarket(tmp_path, date(2026, 11, 20))
    with pytest.raises(MarketDataError, match=r"there is no .*quotes\.parquet"):
        market.quotes_at(datetime(2026, 11, 20, 15, tzinfo=UTC), ["A"])


def test_all_that_a_row_of_sessions_lacks_is_told_at_once(tmp_path: Path) -> None:
    days = [date(2026, 11, day) for day in (16, 17, 18)]
    for day, names in zip(
        days, (("quotes.parquet", "bars.parquet"), ("bars.parquet",)), strict=False
    ):
        (tmp_path / str(day)).mkdir()
        for name in names:
            (tmp_path / str(day) / name).touch()
    with pytest.raises(MarketDataError, match=r"there is no .*daily\.csv"):
        require_recorded(tmp_path, days)
    (tmp_path / "daily.csv").touch()
    require_recorded(tmp_path, days[:1])
    with pytest.raises(MarketDataError) as raised:
        require_recorded(tmp_path, days)
    assert str(raised.value) == (
        f"{tmp_path} lacks 2 of the 3 sessions from 2026-11-16 to 2026-11-18: 2026-11-17 "
        "(quotes.parquet), 2026-11-18; record them, or choose other dates"
    )
    with pytest.raises(MarketDataError, match=r"2026-12-01, .*2026-12-05 and 25 more; record them"):
        require_recorded(tmp_path, [date(2026, 12, day) for day in range(1, 31)])
