"""A small market's exchange behind a socket, and in the same terms in the process."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from small_market import ACCOUNT, SESSION, QuoteRow, TradeRow, at

from orderworks.brokers.adapter import BrokerAdapter, Report
from orderworks.brokers.simulated.client import RemoteSimulatedBroker
from orderworks.brokers.simulated.faults import FaultPlan
from orderworks.brokers.simulated.faulty import FaultyLine
from orderworks.brokers.simulated.line import Line
from orderworks.brokers.simulated.server import ExchangeServer, ServedExchange, opens_exchange
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock, WallClock
from orderworks.model.fill import Fill

TERMS = Terms(ACCOUNT, Decimal(100_000), 0.1, "fixed", allow_short=True)
SECONDS = range(1, 41)
QUOTES: list[QuoteRow] = [(second, "A", 99.99, 100.01, 300, 200) for second in SECONDS]
TRADES: list[TradeRow] = [(second, "A", 100.0, 100.0, 1_000) for second in SECONDS]
"""A is quoted 99.99 to 100.01 for 40 seconds; an order to buy takes 100 shares a second."""


@asynccontextmanager
async def served(
    url: str, market: ReplayMarket, plan: FaultPlan | None = None, port: int = 0
) -> AsyncIterator[int]:
    """The exchange, listening in this loop: its port."""
    line: Line = ServedExchange(opens_exchange(url, market, SESSION, TERMS))
    if plan is not None:
        line = FaultyLine(line, plan, WallClock())
    server = ExchangeServer(line, ACCOUNT, SESSION.date)
    try:
        yield await server.start(port)
    finally:
        await server.close()


async def lines(port: int, *sent: bytes) -> list[dict[str, Any]]:
    """What the server answers to raw lines before it hangs up, or falls silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"".join(sent))
    writer.write_eof()
    answered = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return [json.loads(line) for line in answered.splitlines()]


def client(port: int, patience: float = 5.0) -> RemoteSimulatedBroker:
    """A client whose market stands a second after the open."""
    return RemoteSimulatedBroker(port, ACCOUNT, SESSION.date, ReplayClock(at(1)), patience)


async def reported(broker: BrokerAdapter, second: float) -> list[Report]:
    """What a broker reports until a second of the session."""
    return [report async for batch in broker.events(at(second)) for report in batch]


def told(reports: list[Report]) -> list[tuple[str, str]]:
    return [(report.kind.value, report.client_order_id) for report in reports]


def fills(reports: list[Report]) -> list[Fill]:
    return [report.fill for report in reports if report.fill is not None]


def received(url: str) -> Counter[str]:
    """How often each order is on the exchange's own record."""
    with psycopg.connect(url, row_factory=tuple_row) as connection:
        rows = connection.execute("SELECT client_order_id FROM exchange.orders").fetchall()
    return Counter(name for (name,) in rows)
