"""The replay: every session in turn, in each algorithm's account, on a database of its own."""

import gc
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from orderworks.backtest.algorithms import forced, styled
from orderworks.backtest.batches import Batch, batches_of, judged
from orderworks.backtest.trading import SessionTraded, trade_session
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.desk.desk import open_desk
from orderworks.desk.exchange_terms import exchange_terms
from orderworks.handoffs.check import check
from orderworks.handoffs.table_file import TableFile
from orderworks.ledger.temporary import temporary_database
from orderworks.market.calendar import (
    Session,
    previous_sessions,
    require_session,
    sessions_between,
)
from orderworks.market.files import require_recorded
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock
from orderworks.model.errors import InputError
from orderworks.quality.daily import summarise
from orderworks.settings import Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be replayed: sessions with their batches of signals, a market, and algorithms.

    ``left_out`` counts the signals of other sessions, ``quarantined`` those that break a rule where
    some may.
    """

    sessions: Sequence[Session]
    batches: Mapping[date, Sequence[Batch]]
    market: Path
    algorithms: Sequence[str]
    left_out: int
    quarantined: int


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """What the replay came to.

    ``orders`` has a row for each order of each algorithm: as ``SessionTraded``, with
    ``algorithm``. ``refused`` counts by algorithm the codes of the signals without an order.
    """

    asked: Asked
    orders: pd.DataFrame
    refused: Mapping[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Step:
    """One session of one algorithm is done: the orders that it placed, and the part that filled, by value."""

    number: int
    session: date
    algorithm: str
    orders: int
    fill_rate: float

    def __str__(self) -> str:
        noun = "order" if self.orders == 1 else "orders"
        filled = f", {self.fill_rate:.0%} filled" if self.orders else ""
        return f"{self.session} {self.algorithm}: {self.orders} {noun}{filled}"


def ask(
    settings: Settings,
    first: date,
    last: date,
    signals: TableFile,
    market: Path,
    algorithms: Sequence[str],
) -> Asked:
    """Everything that a replay needs, examined before anything is replayed.

    Raises:
        InputError: saying what cannot be replayed, and what to correct.
    """
    if last < first:
        raise InputError(f"--to {last} is before --from {first}; exchange or correct them")
    sessions = sessions_between(first, last)
    if not sessions:
        raise InputError(
            f"New York does not trade from {first} to {last}; choose dates with a session"
        )
    if "ts" not in signals.frame or signals.frame.empty:
        check("signals", signals.frame, raw=signals.raw)
    before = require_session(previous_sessions(sessions[0].date, 1)[0])
    start = timedelta(seconds=settings.execution.start_after_open_seconds)
    batches = batches_of(signals, sessions, before.close, start)
    known = sum(len(batch.signals) for some in batches.values() for batch in some)
    if not known:
        raise InputError(
            f"signals: none of the {len(signals.frame)} belongs to a session from {first} to {last}; "
            "correct their ts, or --from and --to"
        )
    sound = judged(batches, settings.validation.max_quarantined_pct)
    require_recorded(market, [session.date for session in sessions])
    kept = sum(len(batch.signals) for some in sound.values() for batch in some)
    return Asked(
        sessions, sound, market, tuple(algorithms), len(signals.frame) - known, known - kept
    )


async def replay(
    settings: Settings, url: str, asked: Asked, tell: Callable[[Step], None]
) -> Replayed:
    """Replays what was asked on a temporary database of the server of ``url``.

    Raises:
        OrderworksError: whatever a run of these signals could fail with.
    """
    tables, refused = [], {algorithm: Counter[str]() for algorithm in asked.algorithms}
    with temporary_database(url) as temporary:
        for session in asked.sessions:
            # One market for all accounts: reading a session takes longer than trading it.
            market = ReplayMarket(asked.market, session.date)
            batches = asked.batches.get(session.date, [])
            for algorithm in asked.algorithms:
                traded = await trade(settings, temporary, session, market, batches, algorithm)
                tables.append(traded.orders.assign(algorithm=algorithm))
                refused[algorithm].update(traded.refused)
                tell(_step(len(tables), session, algorithm, traded.orders))
            # What is left of a session in cycles is large, and the collector is in no hurry.
            gc.collect()
    with_orders = [table for table in tables if len(table)]
    orders = pd.concat(with_orders, ignore_index=True) if with_orders else pd.DataFrame()
    return Replayed(asked, orders, refused)


async def trade(
    settings: Settings,
    url: str,
    session: Session,
    market: ReplayMarket,
    batches: Sequence[Batch],
    algorithm: str,
) -> SessionTraded:
    """A session in the account of an algorithm, on the terms of the simulated exchange."""
    settings = styled(settings, algorithm)
    clock = ReplayClock(session.open)
    terms = replace(exchange_terms(settings), account=algorithm.upper())
    broker = SimulatedBroker(url, market, session, terms, clock)
    asked = [replace(one, signals=forced(one.signals, algorithm)) for one in batches]
    async with open_desk(settings, url, session, market, broker, clock) as desk:
        return await trade_session(desk, asked)


def _step(number: int, session: Session, algorithm: str, orders: pd.DataFrame) -> Step:
    filled = summarise(orders, "day")["fill_rate"].iloc[0] if len(orders) else 0.0
    return Step(number, session.date, algorithm, len(orders), float(filled))
