"""Setting up a desk for one occasion: which account, market, broker and clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from orderworks.brokers.adapter import BrokerAdapter
from orderworks.brokers.paced import PacedBroker
from orderworks.brokers.pacing import TokenBucket
from orderworks.brokers.paper_stub import PaperStubBroker
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.client import RemoteSimulatedBroker
from orderworks.desk.desk import Desk, open_desk, patience_with_broker
from orderworks.desk.exchange_terms import exchange_terms
from orderworks.desk.opening_redis import history_of, quoted_by
from orderworks.ledger.connection import database_url, open_ledger
from orderworks.ledger.runs import Replayed, latest_run, replayed_run, unfinished_runs
from orderworks.market.calendar import NEW_YORK, Session
from orderworks.market.data import MarketData
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import Clock, ReplayClock, WallClock
from orderworks.model.errors import InputError
from orderworks.model.loopback import loopback_port
from orderworks.settings import Settings, home_directory
from orderworks.streams.connection import Redis


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a run is for: one account, one session, one run key."""

    kind: str
    session: date
    run_key: str
    market: Path | None


def occasion(
    kind: str,
    settings: Settings,
    session: date | None,
    run_key: str | None,
    market: str | None,
    key_suffix: str = "",
) -> Occasion:
    """The occasion that was asked for; what is left open is that of the account's latest run.

    With nothing to go by, the session is today's in New York, and the run key is the kind with
    the session and ``key_suffix``.

    Raises:
        InputError: if the session lies in the future.
    """
    with open_ledger(database_url(home_directory())) as ledger:
        latest = latest_run(ledger, settings.broker.account)
    today = datetime.now(NEW_YORK).date()
    # A broker of its own market is asked about a recorded one only where that is named.
    if settings.broker.provider == "ibkr":
        latest = None
    replays = settings.market.quotes == "own" and (
        market is not None or (latest is not None and latest.market is not None)
    )
    if session is None:
        session = latest.session if latest is not None and replays else today
    if session > today:
        raise InputError(
            f"session {session} lies in the future (today is {today} in New York); correct --session"
        )
    directory = market or (latest.market if latest is not None else None)
    return Occasion(
        kind,
        session,
        run_key or f"{kind}:{session}{key_suffix}",
        None if directory is None else Path(directory).expanduser().absolute(),
    )


def occasion_of(settings: Settings, run_key: str) -> Occasion:
    """The occasion of a run that the account has.

    Raises:
        InputError: if it has none of this name.
    """
    account = settings.broker.account
    with open_ledger(database_url(home_directory())) as ledger:
        run = replayed_run(ledger, account, run_key)
    if run is None:
        raise InputError(
            f"account {account} has no run '{run_key}'; 'orderworks status' shows its runs"
        )
    return _of_run(run)


def unfinished(settings: Settings) -> list[Occasion]:
    """The planned runs of the account that are not done, oldest first."""
    with open_ledger(database_url(home_directory())) as ledger:
        return [_of_run(run) for run in unfinished_runs(ledger, settings.broker.account)]


def _of_run(run: Replayed) -> Occasion:
    return Occasion(run.kind, run.session, run.run_key, Path(run.market) if run.market else None)


@asynccontextmanager
async def open_desk_for(
    settings: Settings, asked: Occasion, session: Session, redis: Redis | None = None
) -> AsyncIterator[Desk]:
    """The desk that works an occasion.

    Args:
        redis: where quotes are read, if the settings say so.

    Raises:
        InputError: if there is no market to work in.
    """
    url = database_url(home_directory())
    if settings.broker.provider == "ibkr":
        # Its client takes its time to be loaded.
        from orderworks.desk.opening_ibkr import ibkr_tools

        recorded = _recorded(asked, session) if settings.market.quotes == "own" else None
        with ibkr_tools(settings, url, session.date, recorded) as (market, broker, clock):
            if redis is not None and settings.market.quotes == "redis":
                kept = history_of(asked.market, session.date)
                market = quoted_by(redis, settings, kept or market)
            # It paces itself: what leaves beside orders counts as well.
            paced = PacedBroker(broker, None, patience_with_broker(settings))
            async with open_desk(settings, url, session, market, paced, clock) as desk:
                yield desk
        return
    if settings.market.quotes == "redis":
        wall = WallClock()
        quoted = quoted_by(redis, settings, history_of(asked.market, session.date))
        stub = _paced(_paper_stub(settings, url, quoted, session, wall), settings)
        async with open_desk(settings, url, session, quoted, stub, wall) as desk:
            yield desk
        return
    recorded = _recorded(asked, session)
    if recorded is None:
        raise InputError(
            f"the {settings.broker.provider} broker replays recorded quotes and none are named; pass "
            "--market DIR with DATE/quotes.parquet, DATE/bars.parquet and daily.csv"
        )
    replayed = ReplayClock(session.open)
    rehearsed = _paced(_rehearsing_broker(settings, url, recorded, session, replayed), settings)
    if reached := await rehearsed.market_time():
        await replayed.sleep_until(reached)
    async with open_desk(settings, url, session, recorded, rehearsed, replayed) as desk:
        yield desk


def _recorded(asked: Occasion, session: Session) -> ReplayMarket | None:
    return None if asked.market is None else ReplayMarket(asked.market, session.date)


def _paced(broker: BrokerAdapter, settings: Settings) -> PacedBroker:
    """The broker at the pace, and with the patience, that the settings state."""
    patience = patience_with_broker(settings)
    limit = settings.broker.messages_per_second
    bucket = TokenBucket.within(limit, patience.timer.now()) if limit else None
    return PacedBroker(broker, bucket, patience)


def _rehearsing_broker(
    settings: Settings, url: str, market: ReplayMarket, session: Session, clock: Clock
) -> BrokerAdapter:
    broker = settings.broker
    if broker.provider == "paper_stub":
        return _paper_stub(settings, url, market, session, clock)
    if broker.simulated.server:
        port = loopback_port(broker.simulated.server)
        return RemoteSimulatedBroker(port, broker.simulated.account, session.date, clock)
    return SimulatedBroker(url, market, session, exchange_terms(settings), clock)


def _paper_stub(
    settings: Settings, url: str, market: MarketData, session: Session, clock: Clock
) -> PaperStubBroker:
    stub = settings.broker.paper_stub
    return PaperStubBroker(
        *(url, stub.account, market, session, clock),
        seed=stub.seed,
        slippage_bps=stub.slippage_bps,
    )
