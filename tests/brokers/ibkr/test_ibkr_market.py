"""The market as a gateway on loopback tells it."""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from gateway.requests import Request
from gateway.small_session import SESSION, at
from served_broker import Served, Serving, limit

from orderworks.brokers.ibkr.market import line
from orderworks.brokers.ibkr.market.feed import IbkrMarket
from orderworks.brokers.ibkr.market.gateway_time import GatewayClock

EARLIER = SESSION.date


@asynccontextmanager
async def looking(served: Served, **changes: Any) -> AsyncIterator[IbkrMarket]:
    """A market over a connection of its own, by the gateway's time."""
    feed = IbkrMarket(served.settings(**changes), served.gateway.clock.now)
    try:
        yield feed
    finally:
        await asyncio.to_thread(feed.close)


async def test_quotes_are_the_last_ones_that_came(serving: Serving) -> None:
    async with serving(speed=0.0) as served, looking(served) as feed:
        quotes = await asyncio.to_thread(feed.quotes_at, at(0), ["ACME", "BRK.B"])
        assert quotes["bid"].tolist() == [99.99, 399.99]
        assert quotes["ask_size"].tolist() == [200, 200]
        assert quotes["ts"].tolist() == [at(0), at(0)]
        await served.gateway.advance(25)
        await asyncio.sleep(0.1)
        quotes = await asyncio.to_thread(feed.quotes_at, at(25), ["ACME"])
        assert quotes["ask"].tolist() == [99.01]
        assert len(list(served.gateway.log.of(Request.MARKET_DATA))) == 2
        assert feed.symbols == {"ACME", "BRK.B"}
        between = feed.quotes_between("ACME", at(0), at(30), prevailing=True)
        assert between["bid"].tolist() == [99.99, 98.99]


async def test_a_quote_that_no_tick_confirms_keeps_its_time(serving: Serving) -> None:
    async with serving(speed=0.0) as served, looking(served) as feed:
        await asyncio.to_thread(feed.quotes_at, at(0), ["ACME"])
        served.gateway.cut(2)
        await served.gateway.advance(10)
        feed.line.ready = never  # type: ignore[method-assign]
        quotes = await asyncio.to_thread(feed.quotes_at, at(10), ["ACME"])
        assert quotes["ts"].tolist() == [at(0)]


async def never() -> bool:
    return False


async def test_a_line_that_broke_is_made_again_and_everything_followed_anew(
    serving: Serving,
) -> None:
    async with serving(speed=0.0) as served, looking(served) as feed:
        await asyncio.to_thread(feed.quotes_at, at(0), ["ACME"])
        served.gateway.cut(2)
        await served.gateway.advance(30)
        await asyncio.sleep(0.1)
        quotes = await asyncio.to_thread(feed.quotes_at, at(30), ["ACME"])
        assert quotes["bid"].tolist() == [98.99]
        assert quotes["ts"].tolist() == [at(30)]


@pytest.mark.parametrize("allowed", [False, True])
async def test_delayed_quotes_are_priced_from_only_where_that_is_allowed(
    serving: Serving, caplog: pytest.LogCaptureFixture, allowed: bool
) -> None:
    async with serving(speed=0.0, has_live_data=False) as served:
        await served.gateway.advance(901)
        async with looking(served, allow_delayed_quotes=allowed) as feed:
            with caplog.at_level(logging.WARNING, "orderworks"):
                for _ in range(2):
                    quotes = await asyncio.to_thread(feed.quotes_at, at(901), ["ACME"])
        assert quotes["bid"].notna().tolist() == [allowed]
        told = [r for r in caplog.records if "no quotes of ACME" in r.getMessage()]
        assert len(told) == (0 if allowed else 1)


@pytest.mark.proof
async def test_no_more_symbols_are_followed_than_there_are_lines(serving: Serving) -> None:
    async with serving(speed=0.0) as served, looking(served, market_data_lines=1) as feed:
        quotes = await asyncio.to_thread(feed.quotes_at, at(0), ["ACME", "BOLT", "BRK.B"])
        assert quotes["bid"].notna().all()
        await served.gateway.advance(0)
        [session] = served.gateway.sessions
        assert [one.symbol for one in session.subscriptions.values()] == ["BRK.B"]
        again = await asyncio.to_thread(feed.quotes_at, at(0), ["ACME"])
        assert again["bid"].tolist() == [99.99]


async def test_days_before_are_asked_for_once(serving: Serving) -> None:
    async with serving(speed=0.0) as served, looking(served) as feed:
        symbols = ["ACME", "BRK.B", "NONE"]
        for _ in range(2):
            adv = await asyncio.to_thread(feed.average_daily_volume, symbols, EARLIER, 10)
        assert adv["ACME"] == 1_000_000
        assert adv.isna().tolist() == [False, True, True]
        assert len(list(served.gateway.log.of(Request.HISTORICAL_DATA))) == 2
        volatility = await asyncio.to_thread(feed.daily_volatility, ["ACME"], EARLIER, 10)
        assert volatility["ACME"] == 0
        daily = await asyncio.to_thread(feed.daily_before, EARLIER)
        assert set(daily["symbol"]) == {"ACME"}
        assert daily["close"].iloc[-1] == 100.5
        assert daily["date"].max().date() < EARLIER


async def test_bars_that_may_not_be_asked_for_are_missing(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(speed=0.0) as served, looking(served, history_requests=1) as feed:
        adv = await asyncio.to_thread(feed.average_daily_volume, ["ACME", "BOLT"], EARLIER, 10)
        assert adv.isna().sum() == 1
        assert "broker.ibkr.history_requests" in caplog.text


async def test_minutes_are_those_that_are_over(serving: Serving) -> None:
    async with serving(speed=0.0) as served, looking(served) as feed:
        await served.gateway.advance(59)
        early = await asyncio.to_thread(feed.bars_between, "ACME", at(0), at(59))
        assert early.empty
        await served.gateway.advance(2)
        bars = await asyncio.to_thread(feed.bars_between, "ACME", at(0), at(61))
        assert bars["ts"].tolist() == [at(60)]
        assert bars["volume"].tolist() == [60_000]
        assert await asyncio.to_thread(feed.volume_curve, "ACME", at(0), at(60), 3) is None


async def test_symbols_are_doubted_that_the_broker_does_not_know(serving: Serving) -> None:
    async with serving(speed=0.0) as served, looking(served) as feed:
        doubtful = await asyncio.to_thread(feed.doubtful, ["ACME", "NONE"])
        assert doubtful == {"NONE": "the broker knows no US stock of this name"}


async def test_an_order_off_the_grid_is_refused_before_it_is_sent(serving: Serving) -> None:
    async with serving(speed=1.0) as served, looking(served) as feed:
        await asyncio.to_thread(feed.doubtful, ["ACME"])
        async with served.working(listed_of=feed.listed) as broker:
            [report] = await broker.submit_orders([limit("a", 100, "99.995")])
            assert report.kind.value == "REJECTED"
            assert "off the broker's grid" in (report.reason or "")
            assert len(list(served.gateway.log.of(Request.PLACE_ORDER))) == 0


async def test_several_look_at_the_market_at_once(serving: Serving) -> None:
    async with serving(speed=0.0) as served, looking(served) as one, looking(served) as other:
        for feed in (one, other):
            quotes = await asyncio.to_thread(feed.quotes_at, at(0), ["ACME"])
            assert quotes["bid"].tolist() == [99.99]
        assert sorted(session.client_id for session in served.gateway.sessions) == [2, 3]


async def test_the_gateways_time_is_followed_at_the_speed_that_it_has(serving: Serving) -> None:
    async with serving(speed=30.0) as served, looking(served) as feed:
        clock = GatewayClock(feed.line, 10)
        await asyncio.to_thread(clock.start)
        until = clock.now() + timedelta(seconds=45)
        await clock.sleep_until(until)
        assert abs((served.gateway.clock.now() - until).total_seconds()) < 10


async def test_a_line_that_is_busy_as_it_is_closed_ends_what_went_on_when_it_comes_to_it(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(line, "CLOSING_SECONDS", 0.1)
    async with serving(speed=30.0) as served:
        feed = IbkrMarket(served.settings(), served.gateway.clock.now)
        clock = GatewayClock(feed.line, 10)
        await asyncio.to_thread(clock.start)
        working = feed.line._thread
        feed.line.wait_for(_blocks_its_loop_soon(1.0), 5)
        await asyncio.sleep(0.1)
        await asyncio.to_thread(feed.close)
        assert working.is_alive()
        await asyncio.to_thread(working.join, 10)
        assert not working.is_alive()
        del clock, feed
        gc.collect()
    assert [each.getMessage() for each in caplog.records if each.name == "asyncio"] == []


async def _blocks_its_loop_soon(seconds: float) -> None:
    asyncio.get_running_loop().call_later(0.05, time.sleep, seconds)


async def test_quotes_that_were_not_heard_are_the_means_of_minutes(serving: Serving) -> None:
    async with serving(speed=0.0) as served, looking(served) as feed:
        await served.gateway.advance(125)
        quotes = await asyncio.to_thread(feed.quotes_between, "ACME", at(0), at(125))
        assert quotes["ts"].tolist() == [at(60), at(120)]
        mean = (100 * 20 + 99 * 20 + 102 * 20) / 60
        assert quotes["bid"].iloc[0] == pytest.approx(mean - 0.01)
        assert quotes["ask"].iloc[0] == pytest.approx(mean + 0.01)
