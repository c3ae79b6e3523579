"""Small recorded sessions, written row by row, and orders for them."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.latency import Latencies
from orderworks.market.calendar import Session, require_session
from orderworks.market.files import BAR_COLUMNS, QUOTE_COLUMNS
from orderworks.market.replay import ReplayMarket
from orderworks.model.order import Order, OrderType, Side, TimeInForce

SESSION = require_session(date(2026, 11, 20))
LATER = require_session(date(2026, 11, 23))
ACCOUNT = "SIM1"
NUMBERS = count(1)
SLOW = Latencies(
    submit=timedelta(milliseconds=300),
    ack=timedelta(milliseconds=200),
    fill=timedelta(seconds=2),
    cancel=timedelta(milliseconds=700),
    jitter=timedelta(milliseconds=900),
)
"""Terms of an exchange whose every answer takes its time."""

QuoteRow = tuple[float, str, float, float, int, int]
"""Second of the session, symbol, bid, ask, bid size, ask size."""
TradeRow = tuple[float, str, float, float, int]
"""Second of the session, symbol, low, high, volume."""

Opens = Callable[..., SimulatedExchange]
"""Opens the exchange: market, session, and what differs from the usual terms."""


def at(second: float, session: Session = SESSION) -> datetime:
    """A second of a session."""
    return session.open + timedelta(seconds=second)


def recorded(
    directory: Path,
    quotes: Iterable[QuoteRow],
    trades: Iterable[TradeRow],
    session: Session = SESSION,
) -> ReplayMarket:
    """The session that holds these rows."""
    folder = directory / session.date.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    quoted = pd.DataFrame(
        [(at(second, session), *rest) for second, *rest in quotes], columns=list(QUOTE_COLUMNS)
    )
    traded = pd.DataFrame(
        [
            (at(second, session), symbol, low, high, low, high, volume)
            for second, symbol, low, high, volume in trades
        ],
        columns=list(BAR_COLUMNS),
    )
    for name, frame in (("quotes", quoted), ("bars", traded)):
        frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
        frame.to_parquet(folder / f"{name}.parquet")
    return ReplayMarket(directory, session.date)


def order(
    symbol: str,
    side: str,
    quantity: int,
    limit: str | None = None,
    name: str | None = None,
    tif: TimeInForce = TimeInForce.DAY,
    *,
    stop: str | None = None,
    **more: Any,
) -> Order:
    """An order of the type that its prices make it, under a name of its own.

    One that is good till a time is good till the session's twentieth second.
    """
    if "trail_amount" in more or "trail_percent" in more:
        order_type = OrderType.TRAILING_STOP
    elif stop is not None:
        order_type = OrderType.STOP if limit is None else OrderType.STOP_LIMIT
    else:
        order_type = OrderType.MARKET if limit is None else OrderType.LIMIT
    if tif is TimeInForce.GTD:
        more.setdefault("good_till", at(20))
    return Order(
        name or f"ow-{next(NUMBERS)}",
        ACCOUNT,
        symbol,
        Side(side),
        quantity,
        order_type,
        None if limit is None else Decimal(limit),
        tif,
        None if stop is None else Decimal(stop),
        **more,
    )
