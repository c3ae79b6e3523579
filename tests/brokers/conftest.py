"""An exchange over a small market, that can be opened again on the same record."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from small_market import ACCOUNT, SESSION, Opens

from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.record import ExchangeRecord
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket

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
