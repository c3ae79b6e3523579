"""A desk that is quoted by a real Redis."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from working_orders import START

from orderworks.desk.opening import Occasion, occasion, open_desk_for
from orderworks.desk.quotes import with_quotes
from orderworks.market.calendar import require_session
from orderworks.model.errors import InputError, SettingsError
from orderworks.settings import Settings, load_settings
from orderworks.streams.connection import Redis

SESSION = require_session(START.date())


@pytest.fixture
def settings(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", ledger_url)
    monkeypatch.setenv("ORDERWORKS_BROKER__PROVIDER", "paper_stub")
    monkeypatch.setenv("ORDERWORKS_MARKET__QUOTES", "redis")
    monkeypatch.setenv("ORDERWORKS_MARKET__QUOTE_WAIT_SECONDS", "0")
    return load_settings()


@pytest.fixture
def asked(tmp_path: Path) -> Occasion:
    (tmp_path / "daily.csv").write_text(
        "date,symbol,open,high,low,close,volume\n2020-01-02,AAPL,1,1,1,1,5000\n"
    )
    return Occasion("daily", SESSION.date, "daily:now", tmp_path)


async def test_orders_are_judged_by_its_quotes_and_the_directorys_volumes(
    settings: Settings, asked: Occasion, redis_url: str
) -> None:
    redis = Redis(redis_url)
    with redis.asked() as client:
        client.xadd("market:quotes:AAPL", {"bid": 99, "ask": 101, "bid_size": 5, "ask_size": 5})
    async with open_desk_for(settings, asked, SESSION, redis) as desk:
        table = await with_quotes(desk, pd.DataFrame({"symbol": ["AAPL", "GONE"]}))
    assert table["bid"].tolist()[0] == 99
    assert table["quote_problem"].fillna("").tolist() == ["", "QUOTE_MISSING"]
    assert table["adv"].tolist()[0] == 5000
    assert datetime.now(UTC) - table["quote_ts"].iloc[0] < pd.Timedelta(seconds=30)


async def test_quotes_alone_are_not_enough_for_the_stub(settings: Settings, redis_url: str) -> None:
    nowhere = Occasion("daily", SESSION.date, "daily:now", None)
    with pytest.raises(InputError, match=r"no bars or daily volumes.*pass --market DIR"):
        async with open_desk_for(settings, nowhere, SESSION, Redis(redis_url)):
            pass


async def test_a_command_that_asks_no_redis_says_so(settings: Settings, asked: Occasion) -> None:
    with pytest.raises(InputError, match="ORDERWORKS_MARKET__QUOTES=own"):
        async with open_desk_for(settings, asked, SESSION):
            pass


def test_a_run_on_live_quotes_is_of_today_though_a_directory_is_named(
    settings: Settings, tmp_path: Path
) -> None:
    found = occasion("daily", settings, None, None, str(tmp_path))
    assert abs((found.session - datetime.now(UTC).date()).days) <= 1


def test_the_simulated_exchange_has_its_own_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERWORKS_MARKET__QUOTES", "redis")
    with pytest.raises(
        SettingsError, match=r"^setting 'market.quotes' cannot be redis .*paper_stub or ibkr"
    ):
        load_settings()
