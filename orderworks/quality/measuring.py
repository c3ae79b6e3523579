"""What each order of a session cost: one row a parent order."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.market.calendar import NEW_YORK
from orderworks.market.data import MarketData
from orderworks.market.tape import dollars, price_units
from orderworks.model.order import Side
from orderworks.quality.averages import averages
from orderworks.quality.buckets import hours, size_buckets
from orderworks.quality.child_limits import against_limits
from orderworks.quality.histories import Histories
from orderworks.quality.intervals import measure_intervals
from orderworks.quality.metrics import BASIS_POINTS
from orderworks.quality.shortfalls import Execution, shortfalls
from orderworks.quality.through_splits import in_last_shares, of_new_shares

Floats = NDArray[np.float64]

BENCHMARKS = ("decision", "arrival", "twap", "vwap", "open", "close")
"""``slippage_<name>_bps`` is measured against ``<name>_price``."""

LATENCIES = {
    "latency_submit_ms": ("signal_ts", "released_at"),
    "latency_ack_ms": ("released_at", "acknowledged_at"),
    "latency_first_fill_ms": ("released_at", "first_fill_at"),
    "latency_last_fill_ms": ("released_at", "last_fill_at"),
}
"""Each latency with the two moments that it is between."""

CARRIED = (
    *("client_order_id", "strategy", "symbol", "side", "order_type", "route_rule", "algo"),
    *("quantity", "decision_price"),
)
"""What a row takes from its parent as it is."""

PROGRESS = (
    *("client_order_id", "strategy", "symbol", "side", "route_rule", "quantity"),
    "filled_quantity",
)


def measure_orders(
    parents: pd.DataFrame, fills: pd.DataFrame, market: MarketData, session_close: datetime
) -> pd.DataFrame:
    """The execution quality of each parent order.

    An order is worked from its release to its last fill where it was filled whole, else to
    where it was closed, or its horizon ends if it is open still; never past ``session_close``.
    TWAP, VWAP and the end price are those of this interval (``measure_intervals``).

    The arrival price is the mid at release; open and close are the first and the last trade of the
    session, the close from then on only. ``participation`` is what was filled that day over what was
    traded in the interval, a fraction; ``hour`` is New York's at release. An order that was filled on
    later days too has no TWAP, VWAP, open and close: those are of the session alone.

    Slippages are of the average fill, in basis points, positive is cost. Against the limit, each
    fill is measured with the limit that its own child had then: ``slippage_limit_bps`` weights them
    by notional, ``slippage_limit_worst_bps`` is the worst one, ``limit_price`` the mean limit by
    shares; fills of market children have no part in it.

    An order through which shares were split is measured in the shares of its last fill.

    Args:
        parents: released orders, as ``orderworks.ledger.quality.load_for_measuring`` has them.
        fills: of these parents: parent_id, quantity, price, commission, ts, limit_price, splits.
        market: the session's.
        session_close: where measuring ends, at the latest.

    Returns:
        Columns of the ledger's order_quality. Money and prices are
        Decimal or None, measures float64 or NaN: what cannot be known is missing, never 0
        (``shortfalls`` says when). Measures of single fills are added by ``with_fills``.

    Raises:
        ValueError: if a fill belongs to none of the parents.
        MarketDataError: if the market's data cannot be read.
    """
    return measure_worked(parents, fills, Histories(market, session_close))


def measure_worked(
    parents: pd.DataFrame, fills: pd.DataFrame, histories: Histories
) -> pd.DataFrame:
    """``measure_orders``, of a market that is known up to where measuring ends."""
    parents = parents.reset_index(drop=True)
    of_parent = pd.Index(parents["client_order_id"]).get_indexer(pd.Index(fills["parent_id"]))
    if (of_parent < 0).any():
        stray = fills["parent_id"].iloc[int(np.argmax(of_parent < 0))]
        raise ValueError(f"fills has an execution of order {stray}, which is not in parents")

    rows = parents[list(CARRIED)].copy()
    booked, fills = fills, in_last_shares(fills)
    executions = _executions(fills, of_parent, len(parents))
    rows["filled_quantity"] = [sum(shares for shares, _ in done) for done in executions]
    rows["fill_rate"] = rows["filled_quantity"] / rows["quantity"]
    notionals = [sum((s * p for s, p in done), start=Decimal(0)) for done in executions]
    rows["filled_notional"] = pd.Series(notionals, dtype=object)
    rows["average_price"] = averages(notionals, rows["filled_quantity"].tolist())
    rows["arrival_price"] = _mids(parents["arrival_bid"], parents["arrival_ask"])

    moments = parents[["signal_ts", "released_at", "acknowledged_at"]].assign(
        **_fill_times(fills["ts"], of_parent, len(parents))
    )
    complete = rows["filled_quantity"] >= rows["quantity"]
    worked = pd.DataFrame(
        {
            "symbol": parents["symbol"],
            "start": parents["released_at"],
            "end": _ends(parents, moments["last_fill_at"], complete, histories.until),
        }
    )
    intervals = measure_intervals(worked, histories)
    for name in ("twap_price", "vwap_price"):
        rows[name] = intervals[name]
    rows["end_price"] = of_new_shares(intervals["end_price"], parents["splits"])
    rows["open_price"], rows["close_price"] = _of_session(parents["symbol"], histories)
    # What was filled on later days met the market of those days; so did an exit that was hit on one.
    outlasts = outlasting(parents, fills, histories)
    beyond = (parents["released_at"] > histories.until).to_numpy()
    rows.loc[outlasts, ["twap_price", "vwap_price"]] = np.nan
    rows.loc[outlasts, ["open_price", "close_price"]] = None
    rows.loc[beyond, "end_price"] = None
    today = ~_on_later_days(fills["ts"], histories)
    shares = booked["quantity"].where(today, 0).groupby(of_parent).sum()
    filled_today = shares.reindex(range(len(parents)), fill_value=0)
    rows["participation"] = filled_today / intervals["volume"].mask(beyond)
    rows["hour"] = hours(parents["released_at"])
    rows["size_bucket"] = size_buckets(
        _floats(parents["quantity"]) / _floats(parents["splits"]),
        parents["adv"].to_numpy(np.float64),
    )

    paid = _floats(rows["filled_notional"]) / rows["filled_quantity"].replace(0, np.nan)
    signs = parents["side"].map(_sign).to_numpy(float)
    for name in BENCHMARKS:
        benchmark = _floats(rows[f"{name}_price"])
        rows[f"slippage_{name}_bps"] = _slippages(signs, paid, benchmark)
    return rows.assign(
        **against_limits(fills, of_parent, signs),
        **shortfalls(rows, executions, _fees(fills, of_parent, len(parents))),
        **{name: _milliseconds(moments, *between) for name, between in LATENCIES.items()},
    )


def outlasting(
    parents: pd.DataFrame, fills: pd.DataFrame, histories: Histories
) -> NDArray[np.bool_]:
    """Which parents met another market than the session's: they were filled on later days, too or only."""
    later = fills.loc[_on_later_days(fills["ts"], histories), "parent_id"]
    beyond = parents["released_at"] > histories.until
    return (beyond | parents["client_order_id"].isin(later)).to_numpy(np.bool_)


def measure_progress(working: pd.DataFrame) -> pd.DataFrame:
    """What is known of orders while they are worked: their average price, slippage and latency.

    Args:
        working: as ``orderworks.ledger.quality.load_working`` has them.

    Returns:
        Of ``measure_orders``' columns those that need neither single fills nor the market's record.
    """
    rows = working[list(PROGRESS)].copy()
    rows["average_price"] = averages(
        working["filled_notional"].tolist(), working["filled_quantity"].tolist()
    )
    rows["arrival_price"] = _mids(working["arrival_bid"], working["arrival_ask"])
    paid = _floats(working["filled_notional"]) / working["filled_quantity"].replace(0, np.nan)
    arrival = _floats(rows["arrival_price"])
    signs = working["side"].map(_sign).to_numpy(float)
    return rows.assign(
        slippage_arrival_bps=_slippages(signs, paid, arrival),
        latency_ack_ms=_milliseconds(working, *LATENCIES["latency_ack_ms"]),
    )


def _slippages(signs: Floats, paid: pd.Series[float], benchmark: Floats) -> pd.Series[float]:
    """Side-adjusted, in basis points of the benchmark; positive is cost."""
    return (paid - benchmark) * signs / benchmark * BASIS_POINTS


def _executions(
    fills: pd.DataFrame, of_parent: NDArray[np.intp], parents: int
) -> list[list[Execution]]:
    """The (shares, price) pairs of each parent."""
    executions: list[list[Execution]] = [[] for _ in range(parents)]
    for parent, shares, price in zip(
        of_parent.tolist(), fills["quantity"].tolist(), fills["price"].tolist(), strict=True
    ):
        if shares:  # not the part of a share that a reverse split left
            executions[parent].append((shares, price))
    return executions


def _on_later_days(times: pd.Series[Any], histories: Histories) -> NDArray[np.bool_]:
    """Which are of later days than the session; a time just after its close, in the auction, is not."""
    midnight = pd.Timestamp(histories.session.date + timedelta(days=1), tz=NEW_YORK)
    return (times >= midnight).to_numpy(np.bool_)


def _fees(fills: pd.DataFrame, of_parent: NDArray[np.intp], parents: int) -> list[Decimal]:
    fees = [Decimal(0)] * parents
    for parent, commission in zip(of_parent.tolist(), fills["commission"].tolist(), strict=True):
        fees[parent] += commission
    return fees


def _fill_times(
    times: pd.Series[Any], of_parent: NDArray[np.intp], parents: int
) -> dict[str, pd.Series[Any]]:
    filled = times.groupby(of_parent)
    everyone = range(parents)
    return {
        "first_fill_at": filled.min().reindex(everyone),
        "last_fill_at": filled.max().reindex(everyone),
    }


def _ends(
    parents: pd.DataFrame,
    last_fill: pd.Series[Any],
    complete: pd.Series[bool],
    session_close: datetime,
) -> pd.Series[Any]:
    """Until when each order was worked; a late fill of a closed order prolongs it."""
    given_up = parents["closed_at"].fillna(parents["ends_at"])
    ends = last_fill.where(complete | (last_fill > given_up), given_up)
    close = pd.Timestamp(session_close).tz_convert("UTC")
    return ends.where(ends <= close, close)


def _of_session(
    symbols: pd.Series[Any], histories: Histories
) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """The exact price at which the session of each symbol opened, and closed if it has; or None."""
    session = histories.session
    is_over = histories.until >= session.close
    opened, closed = {}, {}
    for symbol in symbols.unique().tolist():
        history = histories.of(symbol)
        opened[symbol] = _exact(history.opening_price(session))
        closed[symbol] = _exact(history.closing_price(session)) if is_over else None
    return (
        pd.Series([opened[symbol] for symbol in symbols], dtype=object),
        pd.Series([closed[symbol] for symbol in symbols], dtype=object),
    )


def _exact(price: float | None) -> Decimal | None:
    return None if price is None else dollars(int(price_units(np.array([price]))[0]))


def _mids(bids: pd.Series[Any], asks: pd.Series[Any]) -> pd.Series[Any]:
    """The exact mids; None where a side is absent or the quote is crossed."""
    mids = [
        (bid + ask) / 2 if pd.notna(bid) and pd.notna(ask) and 0 < bid <= ask else None
        for bid, ask in zip(bids.tolist(), asks.tolist(), strict=True)
    ]
    return pd.Series(mids, dtype=object)


def _milliseconds(moments: pd.DataFrame, start: str, end: str) -> pd.Series[float]:
    return (moments[end] - moments[start]).dt.total_seconds() * 1000


def _sign(side: str) -> int:
    return Side(side).sign


def _floats(column: pd.Series[Any]) -> Floats:
    """Decimals and None as float64 and NaN."""
    return column.to_numpy(np.float64)
