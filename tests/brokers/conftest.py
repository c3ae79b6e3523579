"""An exchange over a small market, that can be opened again on the same record."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from small_market import ACCOUNT, LATER, SESSION, Opens, recorded
from steady_market import QUOTES, TRADES

from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.record import ExchangeRecord
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket
from orderworks.market.replay import ReplayMarket

TERMS = Terms(
    account=ACCOUNT,
    opening_cash=Decimal(100_000),
    participation_cap=0.1,
    commission="fixed",
    allow_short=True,
)


@pytest.fixture
def opens(ledger_url: str) -> Iterator[Opens]:
    """Opens the exchange on the test's own record; whatever is open is closed after the test."""
    opened: list[SimulatedExchange] = []

    def open_exchange(
        market: RecordedMarket, session: Session = SESSION, **terms: Any
    ) -> SimulatedExchange:
        asked = replace(TERMS, **terms)
        record = ExchangeRecord(ledger_url, asked.account)
        try:
            exchange = SimulatedExchange(record, market, session, asked)
        except BaseException:
            record.close()
            raise
        opened.append(exchange)
        return exchange

    yield open_exchange
    for exchange in opened:
        exchange.close()


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    """A is quoted 99.99 to 100.01 all along, B climbs a cent a second, QUIET never trades."""
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, TRADES)


@pytest.fixture(scope="session")
def next_market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    """The same rows in the session after."""
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, TRADES, LATER)


@pytest.fixture
def exchange(opens: Opens, market: ReplayMarket) -> SimulatedExchange:
    return opens(market)
