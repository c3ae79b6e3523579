"""Which exchange a run's desk trades at: one in its process, or one that listens on a port."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from working_orders import START

from orderworks.brokers.ibkr.market.feed import IbkrMarket
from orderworks.brokers.simulated.server import ExchangeServer, ServedExchange, opens_exchange
from orderworks.desk.exchange_terms import exchange_terms
from orderworks.desk.opening import Occasion, open_desk_for
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.market.synthetic import write_session
from orderworks.market.universe import Listing
from orderworks.model.clock import WallClock
from orderworks.model.errors import BrokerError
from orderworks.settings import load_settings

SESSION = require_session(START.date())


@pytest.fixture
def asked(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Occasion:
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", ledger_url)
    write_session(tmp_path, SESSION, {"AAPL": Listing(100.0, 50_000_000, 0.015, 1)}, seed=1)
    return Occasion("daily", SESSION.date, "daily:now", tmp_path)


@contextmanager
def served_elsewhere(url: str, directory: Path) -> Iterator[int]:
    """The exchange of the settings, listening in a loop that is not this test's: its port."""
    terms = exchange_terms(load_settings())
    opens = opens_exchange(url, ReplayMarket(directory, SESSION.date), SESSION, terms)
    server = ExchangeServer(ServedExchange(opens), terms.account, SESSION.date)
    loop = asyncio.new_event_loop()
    elsewhere = threading.Thread(target=loop.run_forever)
    elsewhere.start()
    yield asyncio.run_coroutine_threadsafe(server.start(0), loop).result(10)
    asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    elsewhere.join(10)
    loop.close()


async def test_without_a_server_the_exchange_is_in_the_process(asked: Occasion) -> None:
    async with open_desk_for(load_settings(), asked, SESSION) as desk:
        assert await desk.take_over()
        assert (await desk.broker.health_check()).message.startswith("simulated exchange at ")


async def test_with_a_server_the_desk_is_its_client_and_stands_where_the_market_does(
    asked: Occasion, ledger_url: str
) -> None:
    assert asked.market is not None
    with served_elsewhere(ledger_url, asked.market) as port:
        there = load_settings(broker={"simulated": {"server": f"127.0.0.1:{port}"}})
        async with open_desk_for(there, asked, SESSION) as desk:
            assert await desk.take_over()
            assert f"127.0.0.1:{port}" in (await desk.broker.health_check()).message
            moved = SESSION.open + timedelta(minutes=5)
            async for _ in desk.broker.events(moved):
                raise AssertionError("nothing was sent")
        async with open_desk_for(there, asked, SESSION) as desk:
            assert desk.clock.now() == await desk.broker.market_time() == moved


async def test_a_server_that_is_not_there_is_told(asked: Occasion) -> None:
    nowhere = load_settings(broker={"simulated": {"server": "127.0.0.1:1"}, "patience_seconds": 0})
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1 cannot be reached"):
        async with open_desk_for(nowhere, asked, SESSION):
            raise AssertionError


async def test_a_desk_at_interactive_brokers_works_by_the_clock_on_the_wall(
    asked: Occasion,
) -> None:
    there = load_settings(broker={"provider": "ibkr", "ibkr": {"account_id": "DU7"}})
    async with open_desk_for(there, asked, SESSION) as desk:
        broker = desk.broker
        assert (broker.provider, broker.account, broker.mode) == ("ibkr", "DU7", "paper")
        assert await broker.market_time() is None
        assert isinstance(desk.clock, WallClock)
        assert isinstance(desk.market, ReplayMarket)
    async with open_desk_for(there, replace(asked, market=None), SESSION) as desk:
        assert isinstance(desk.market, IbkrMarket)
