"""Orders, fills and a small recorded market for the tests of execution quality."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame
from pandas.api.types import pandas_dtype

from orderworks.ledger.quality import FILL_COLUMNS, PARENT_COLUMNS
from orderworks.market.files import BAR_COLUMNS, QUOTE_COLUMNS
from orderworks.market.replay import ReplayMarket

DAY = date(2026, 11, 20)
OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
CLOSE = datetime(2026, 11, 20, 21, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after the open."""
    return OPEN + timedelta(seconds=seconds)


def parent(name: str = "p1", **changes: object) -> dict[str, object]:
    """A buy of 1,000 A, decided at 10.00, released at 10.05, worked from second 60 to 660."""
    return {
        "client_order_id": name,
        "strategy": "momentum",
        "symbol": "A",
        "side": "buy",
        "order_type": "limit",
        "route_rule": "DEFAULT",
        "algo": "none",
        "quantity": 1000,
        "decision_price": Decimal("10.00"),
        "arrival_bid": Decimal("10.04"),
        "arrival_ask": Decimal("10.06"),
        "signal_ts": at(0),
        "released_at": at(60),
        "acknowledged_at": at(60.25),
        "ends_at": at(660),
        "closed_at": None,
        "adv": 200_000.0,
        "splits": 1,
    } | changes


def fill(
    quantity: int, price: str, seconds: float = 120, of: str = "p1", **changes: object
) -> dict[str, object]:
    """A fill of ``of`` without commission, against a market child."""
    return {
        "exec_id": f"x-{of}-{seconds}-{quantity}",
        "client_order_id": f"{of}-0",
        "parent_id": of,
        "quantity": quantity,
        "price": Decimal(price),
        "commission": Decimal(0),
        "ts": at(seconds),
        "limit_price": None,
        "splits": 1,
    } | changes


def parents_table(*rows: Mapping[str, object]) -> DataFrame:
    return _table(rows, PARENT_COLUMNS)


def fills_table(*rows: Mapping[str, object]) -> DataFrame:
    return _table(rows, FILL_COLUMNS)


def _table(rows: Sequence[Mapping[str, object]], columns: Mapping[str, str]) -> DataFrame:
    table: dict[str, Any] = {
        name: pd.Series([row[name] for row in rows], dtype="object").astype(pandas_dtype(kind))
        for name, kind in columns.items()
    }
    return DataFrame(table)


def quote(seconds: float, bid: float, ask: float, symbol: str = "A") -> tuple[object, ...]:
    return (at(seconds), symbol, bid, ask, 100 if bid else 0, 100 if ask else 0)


def bar(
    seconds: float, price: float, volume: int, symbol: str = "A", width: float = 0.0
) -> tuple[object, ...]:
    """A second of trades whose typical price is ``price``."""
    return (at(seconds), symbol, price, price + width, price - width, price, volume)


def recorded(
    directory: Path, quotes: Iterable[tuple[object, ...]], bars: Iterable[tuple[object, ...]] = ()
) -> ReplayMarket:
    """A market with these quotes and bars, on disk and read from there."""
    folder = directory / DAY.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns, rows in (("quotes", QUOTE_COLUMNS, quotes), ("bars", BAR_COLUMNS, bars)):
        frame = DataFrame(list(rows), columns=list(columns))
        frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
        frame.astype(dict.fromkeys(columns[2:], float)).to_parquet(folder / f"{name}.parquet")
    return ReplayMarket(directory, DAY)
