"""A desk that holds its account, with one worked order planned, on a line that may lose messages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from gateway import small_session
from unreliable_broker import UnreliableBroker
from working_orders import ACCOUNT, CASH, SESSION, START, family, plan_orders

from orderworks.brokers.simulated.terms import Terms
from orderworks.desk.desk import Desk, open_desk
from orderworks.desk.reconciliation import reconcile
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.market.synthetic import write_session
from orderworks.market.universe import Listing
from orderworks.model.clock import ReplayClock
from orderworks.settings import load_settings

LISTINGS = {"AAPL": Listing(100.0, 50_000_000, 0.015, 1)}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    directory: Path = tmp_path_factory.mktemp("market")
    write_session(directory, require_session(SESSION), LISTINGS, seed=1, earlier_sessions=1)
    return ReplayMarket(directory, SESSION)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    """The small session of the test gateway."""
    return small_session.market(small_session.write_market(tmp_path_factory.mktemp("market")))


@pytest.fixture
async def desk(ledger_url: str, market: ReplayMarket) -> AsyncIterator[Desk]:
    """A desk that holds its account at the first slice's time, with opening balances booked."""
    clock, session = ReplayClock(START), require_session(SESSION)
    terms = Terms(ACCOUNT, CASH, 0.1, "fixed", allow_short=False)
    broker = UnreliableBroker(ledger_url, market, session, terms, clock)
    async with open_desk(load_settings(), ledger_url, session, market, broker, clock) as opened:
        assert await opened.take_over()
        assert (await reconcile(opened, None)).is_clean
        plan_orders(opened.ledger, *family("p", 60, 40))
        yield opened
