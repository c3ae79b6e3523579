"""What a desk at Interactive Brokers works with: its market data, its broker, and the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from orderworks.brokers.ibkr.adapter import IbkrBroker
from orderworks.brokers.ibkr.market.daily import LedgerShelf
from orderworks.brokers.ibkr.market.feed import IbkrMarket
from orderworks.brokers.ibkr.market.gateway_time import GatewayClock
from orderworks.brokers.ibkr.market.kept import KeptContracts
from orderworks.brokers.ibkr.pace import Pace
from orderworks.market.data import MarketData
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import Clock, WallClock
from orderworks.settings import Settings


@contextmanager
def ibkr_tools(
    settings: Settings, url: str, session: date, recorded: ReplayMarket | None
) -> Iterator[tuple[MarketData, IbkrBroker, Clock]]:
    """The tools, with a connection for market data that is made when something is asked of it.

    Args:
        session: whose contracts are asked for once.
        recorded: a market that is priced from instead of the broker's quotes.

    Raises:
        BrokerError: if the time is the gateway's, and it does not tell.
    """
    ibkr = settings.broker.ibkr
    permitted, asked = ibkr.messages_per_second, settings.broker.messages_per_second
    pace = Pace(min(asked, permitted) if asked else permitted)
    kept = KeptContracts(url, ibkr.account_id, session)
    live = IbkrMarket(ibkr, pace=pace, kept=kept, shelf=LedgerShelf(url))
    try:
        clock: Clock = WallClock()
        if ibkr.clock == "gateway":
            clock = GatewayClock(live.line, ibkr.connect_seconds + ibkr.ask_seconds)
            clock.start()
            live.keep_time_by(clock.now)
        broker = IbkrBroker(
            *(url, ibkr, clock),
            paper=settings.broker.paper_trading,
            pace=pace,
            listed_of=live.listed,
        )
        yield live if recorded is None else recorded, broker, clock
    finally:
        live.close()
