"""Quotes from real streams: the last known, how old they are, and what is left when Redis is gone."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from redis_servers import RedisServer, redis_server

from orderworks.market.history import RecordedHistory
from orderworks.market.quotes import quote_problems
from orderworks.model.errors import MarketDataError
from orderworks.streams.connection import Redis
from orderworks.streams.entry_ids import milliseconds_of
from orderworks.streams.quotes import HELD_SECONDS, RedisMarket

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
KEYS = "market:quotes:{symbol}"
DAILY = """date,symbol,open,high,low,close,volume
2026-11-18,AAPL,180,184,179,182,1000
2026-11-19,AAPL,182,185,181,183,3000
"""


@pytest.fixture
def history(tmp_path: Path) -> RecordedHistory:
    (tmp_path / "daily.csv").write_text(DAILY)
    return RecordedHistory(tmp_path, DAY)


@pytest.fixture
def market(redis_url: str, history: RecordedHistory) -> RedisMarket:
    return RedisMarket(Redis(redis_url), KEYS, history)


def quote(url: str, symbol: str, seconds: float, **fields: str) -> None:
    """Adds a quote so many seconds after ``AT``."""
    added = milliseconds_of(AT + timedelta(seconds=seconds))
    sound = {"bid": "100.01", "ask": "100.03", "bid_size": "200", "ask_size": "300"}
    with Redis(url).asked() as client:
        client.xadd(KEYS.format(symbol=symbol), sound | fields, id=f"{added}-0")


def problems(market: RedisMarket, *symbols: str) -> list[str | None]:
    return quote_problems(market.quotes_at(AT, symbols), AT, timedelta(seconds=60)).tolist()


def test_the_last_quote_that_was_known_is_given(market: RedisMarket, redis_url: str) -> None:
    quote(redis_url, "AAPL", -5, bid="99.50")
    quote(redis_url, "AAPL", -1)
    quote(redis_url, "AAPL", 1, bid="200")
    rows = market.quotes_at(AT, ["GONE", "AAPL", "AAPL"])
    assert rows["symbol"].tolist() == ["GONE", "AAPL", "AAPL"]
    assert rows["ts"].isna().tolist() == [True, False, False]
    assert rows["ts"].iloc[1] == AT - timedelta(seconds=1)
    assert rows[["bid", "ask", "bid_size", "ask_size"]].iloc[1].tolist() == [
        100.01,
        100.03,
        200,
        300,
    ]


def test_quotes_are_judged_as_any_others(market: RedisMarket, redis_url: str) -> None:
    quote(redis_url, "SOUND", -59)
    quote(redis_url, "OLD", -61)
    quote(redis_url, "CROSSED", -1, bid="101")
    quote(redis_url, "NOBID", -1, bid="none")
    quote(redis_url, "SLOW", -1, ts=(AT - timedelta(minutes=5)).isoformat())
    quote(redis_url, "AHEAD", -61, ts=AT.isoformat())
    quote(redis_url, "NOZONE", -1, ts="2026-11-20T10:00:00")
    assert problems(market, "SOUND", "OLD", "CROSSED", "NOBID") == [
        *(None, "QUOTE_STALE", "QUOTE_CROSSED", "QUOTE_ONE_SIDED")
    ]
    # The earlier of its own time and the server's: a quote that came late is no fresher for it.
    assert problems(market, "SLOW", "AHEAD", "NOZONE", "GONE") == [
        *("QUOTE_STALE", "QUOTE_STALE", None, "QUOTE_MISSING")
    ]


def test_the_quotes_of_a_while_are_given(market: RedisMarket, redis_url: str) -> None:
    for seconds in (-30, -20, -10, 0):
        quote(redis_url, "AAPL", seconds, bid=str(90 - seconds))
    start, end = AT - timedelta(seconds=20), AT
    assert market.quotes_between("AAPL", start, end)["bid"].tolist() == [100, 90]
    assert market.quotes_between("AAPL", start, end, prevailing=True)["bid"].tolist() == [
        *(110, 100, 90)
    ]
    assert market.quotes_between("GONE", start, end, prevailing=True).empty


def test_what_redis_does_not_have_is_the_directorys(market: RedisMarket) -> None:
    assert market.average_daily_volume(["AAPL"], DAY).tolist() == [2000]
    assert len(market.daily_before(DAY)) == 2
    assert market.bars_between("AAPL", AT, AT)["volume"].sum() == 0
    assert market.volume_curve("AAPL", AT, AT + timedelta(minutes=5), 5) is None
    assert market.corporate_actions(date(2026, 1, 1), DAY) == []


@pytest.fixture
def mortal() -> RedisServer:
    with redis_server() as server:
        yield server


def test_without_redis_the_last_quotes_grow_stale(
    mortal: RedisServer, history: RecordedHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = RedisMarket(Redis(mortal.url), KEYS, history)
    quote(mortal.url, "AAPL", -1)
    assert problems(market, "AAPL") == [None]
    mortal.stop()
    later = AT + timedelta(seconds=90)
    rows = market.quotes_at(later, ["AAPL", "MSFT"])
    stale = quote_problems(rows, later, timedelta(seconds=60)).tolist()
    assert stale == ["QUOTE_STALE", "QUOTE_MISSING"]

    mortal.start()
    quote(mortal.url, "AAPL", 80)
    monkeypatch.setattr(market, "_held_until", market._held_until - HELD_SECONDS)
    rows = market.quotes_at(later, ["AAPL"])
    assert quote_problems(rows, later, timedelta(seconds=60)).tolist() == [None]


def test_a_redis_that_never_answered_is_told(mortal: RedisServer, history: RecordedHistory) -> None:
    mortal.stop()
    market = RedisMarket(Redis(mortal.url), KEYS, history)
    with pytest.raises(MarketDataError, match="there are no quotes: Redis did not answer"):
        market.quotes_at(AT, ["AAPL"])
