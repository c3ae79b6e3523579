"""Daily bars of more symbols than may be asked for: kept by day, caught up with, and never made up."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from gateway.requests import Request
from gateway.small_session import NEXT, SESSION
from hypothesis import given
from hypothesis import strategies as st
from ib_async import BarData
from served_broker import Served, Serving

from orderworks.brokers.ibkr.market import daily, history_pace
from orderworks.brokers.ibkr.market.daily import DailyBars, LedgerShelf
from orderworks.brokers.ibkr.market.feed import IbkrMarket
from orderworks.brokers.ibkr.market.history import Asked
from orderworks.brokers.ibkr.market.history_pace import HistoryPace
from orderworks.ledger.connection import Ledger
from orderworks.ledger.daily_bars import KeptBars, keep_daily_bars, kept_daily_bars
from orderworks.market.calendar import previous_sessions

DAY = SESSION.date
SYMBOLS = [f"S{number}" for number in range(12)]


class Rationed:
    """A history that answers so many requests, and then none until it is given more."""

    limit = 60

    def __init__(self, left: int) -> None:
        self.left = left
        self.asked: list[str] = []
        self.waits: list[float] = []

    def room(self, share: float) -> int:
        return self.left

    async def bars(
        self, requests: Sequence[Asked], wait_seconds: float
    ) -> list[list[BarData] | None]:
        self.waits.append(wait_seconds)
        answers: list[list[BarData] | None] = []
        for one in requests:
            if self.left:
                self.left -= 1
                self.asked.append(one.symbol)
                last = one.until.date() - timedelta(days=1)
                answers.append([BarData(last, 1.0, 2.0, 0.5, 1.5, 100.0)])
            else:
                answers.append(None)
        return answers


class Memory(dict[str, KeptBars]):
    """A shelf."""

    def load(self, symbols: Iterable[str]) -> dict[str, KeptBars]:
        return {symbol: self[symbol] for symbol in symbols if symbol in self}

    def store(self, told: Mapping[str, KeptBars]) -> None:
        self |= told


def bars_of(history: Rationed, shelf: Memory) -> DailyBars:
    return DailyBars(history, shelf, 60)  # type: ignore[arg-type]


async def known(bars: DailyBars, day: date, symbols: Sequence[str]) -> set[str]:
    return set((await bars.before(day, symbols, 20))["symbol"])


@pytest.fixture(autouse=True)
def hurried() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(daily, "CATCH_UP_SECONDS", 0.0)
        yield


@given(
    limit=st.integers(0, 8),
    runs=st.lists(st.lists(st.sampled_from(SYMBOLS), unique=True, min_size=1), max_size=5),
)
async def test_each_symbol_is_asked_for_once_a_day_by_however_many_runs(
    limit: int, runs: list[list[str]]
) -> None:
    shelf, asked = Memory(), []
    for symbols in runs:
        history = Rationed(limit)
        found = await known(bars_of(history, shelf), DAY, symbols)
        asked += history.asked
        assert len(history.asked) <= limit
        assert found == {one for one in symbols if one in asked}
        # As many as there may be.
        assert len(found) >= min(limit, len(symbols))
    assert len(asked) == len(set(asked))


@given(ago=st.integers(0, 8))
async def test_bars_of_the_last_sessions_stand_in_and_older_ones_do_not(ago: int) -> None:
    then = DAY if ago == 0 else previous_sessions(DAY, ago)[0]
    shelf = Memory()
    await known(bars_of(Rationed(1), shelf), then, ["S0"])
    history = Rationed(0)
    found = await known(bars_of(history, shelf), DAY, ["S0"])
    assert found == ({"S0"} if ago <= daily.OLDEST_SESSIONS else set())
    # It is asked for first that nothing stands in for.
    history = Rationed(1)
    await known(bars_of(history, shelf), DAY, ["S0", "S1"])
    assert history.asked == ["S1"]


async def test_what_could_not_be_asked_for_is_asked_for_later_and_waited_for_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelf, history = Memory(), Rationed(2)
    bars = bars_of(history, shelf)
    with caplog.at_level(logging.WARNING, "orderworks"):
        assert await known(bars, DAY, SYMBOLS[:5]) == {"S0", "S1"}
        assert await known(bars, DAY, SYMBOLS[:5]) == {"S0", "S1"}
    assert [wait for wait in history.waits if wait] == [60]
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith("of 3 symbols (S2, S3, S4) the daily bars could not be asked for by now")
    assert "of 3 there are none" in said
    history.left = 10
    for _ in range(10):
        await asyncio.sleep(0)
    assert history.asked == ["S0", "S1", "S2", "S3", "S4"]
    assert await known(bars, DAY, SYMBOLS[:5]) == set(SYMBOLS[:5])
    assert shelf.keys() == set(SYMBOLS[:5])


@given(st.lists(st.floats(0, 300), max_size=20), st.integers(1, 12), st.floats(0.1, 1))
def test_there_is_room_for_what_a_share_of_the_limit_allows(
    pauses: list[float], limit: int, share: float
) -> None:
    pace, now = HistoryPace(limit), 0.0
    for number, pause in enumerate(pauses):
        now += pause
        for each in range(pace.room(now, share)):
            assert pace.wait_for((number, each), (number, each), now) == 0
            pace.take((number, each), (number, each), now)
        recent = [one for one in pace._asked if now - one[0] < history_pace.ALL_SECONDS]
        assert len(recent) <= max(1, limit * share)


def test_what_is_kept_is_replaced_by_what_is_newer(ledger: Ledger) -> None:
    old = KeptBars(date(2026, 11, 19), 30, [(date(2026, 11, 18), 1.0, 2.0, 0.5, 1.5, 100.0)])
    new = KeptBars(DAY, 30, [(date(2026, 11, 19), 1.0, 2.0, 0.5, 1.75, 200.0)])
    keep_daily_bars(ledger, "ibkr", {"A": new, "B": old})
    keep_daily_bars(ledger, "ibkr", {"A": old, "B": new, "C": KeptBars(DAY, 30, [])})
    assert kept_daily_bars(ledger, "ibkr", ["A", "B", "C", "D"]) == {
        "A": new,
        "B": new,
        "C": KeptBars(DAY, 30, []),
    }
    assert kept_daily_bars(ledger, "another", ["A"]) == {}


# Through the gateway -----------------------------------------------------------------------------


async def volumes(served: Served, day: date = DAY, **changes: Any) -> set[str]:
    """The symbols of which one program, which then ends, knows the average daily volume."""
    feed = IbkrMarket(
        served.settings(**changes), served.gateway.clock.now, shelf=LedgerShelf(served.url)
    )
    try:
        symbols = ["ACME", "BOLT"]
        adv = await asyncio.to_thread(feed.average_daily_volume, symbols, day, 10)
        return set(adv.dropna().index)
    finally:
        await asyncio.to_thread(feed.close)


async def test_a_later_run_needs_no_request(serving: Serving) -> None:
    async with serving(speed=0.0) as served:
        few = {"history_requests": 1, "history_wait_seconds": 0}
        assert await volumes(served, **few) == {"ACME"}
        assert await volumes(served, **few) == {"ACME", "BOLT"}
        assert served.received(Request.HISTORICAL_DATA) == 2
        assert await volumes(served, **few) == {"ACME", "BOLT"}
        assert served.received(Request.HISTORICAL_DATA) == 2
        # The next day's are asked for one by one; yesterday's stand in for the other.
        assert await volumes(served, NEXT.date, **few) == {"ACME", "BOLT"}
        assert served.received(Request.HISTORICAL_DATA) == 3


async def test_the_first_plan_waits_for_as_long_as_it_may(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_pace, "ALL_SECONDS", 0.5)
    async with serving(speed=0.0) as served:
        waits = {"history_requests": 1, "history_wait_seconds": 5}
        assert await volumes(served, **waits) == {"ACME", "BOLT"}
        assert served.received(Request.HISTORICAL_DATA) == 2
