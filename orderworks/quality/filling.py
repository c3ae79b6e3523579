"""What each fill of a session cost: one row an execution, and what its order has of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.market.tape import microseconds
from orderworks.model.order import Side
from orderworks.quality.histories import Histories, to_microseconds
from orderworks.quality.market_returns import market_adjusted_bps, market_returns
from orderworks.quality.markouts import HORIZONS, REALIZED, markouts_bps, mids_after
from orderworks.quality.measuring import BENCHMARKS
from orderworks.quality.metrics import BASIS_POINTS
from orderworks.quality.spreads import (
    effective_spreads_bps,
    price_impacts_bps,
    price_improvements_bps,
    realized_spreads_bps,
    spread_captures,
)

Floats = NDArray[np.float64]

OF_ORDER = ("strategy", "symbol", "side", "order_type", "route_rule", "algo", "hour", "size_bucket")
"""What a fill is summed up under is its parent's, so that orders and fills fall into the same groups."""

AS_BOOKED = ("exec_id", "client_order_id", "parent_id", "ts", "quantity", "price", "commission")

WEIGHTS = {
    "effective_spread_bps": "mid",
    "realized_spread_bps": "mid",
    "price_impact_bps": "mid",
    "price_improvement_bps": "mid",
    "spread_capture": "spread",
    **{f"markout_{name}_bps": "price" for name in HORIZONS},
    "market_adjusted_bps": "arrival",
}
"""The measures of single fills, and by what, times the shares, the mean of many is weighted: the
denominator of each, so that the mean is a sum of money over a sum of money."""


def measure_fills(
    orders: pd.DataFrame,
    parents: pd.DataFrame,
    fills: pd.DataFrame,
    histories: Histories,
    market_symbol: str | None = None,
) -> pd.DataFrame:
    """The execution quality of each fill.

    The quote is the sound one that stands at the fill; the mids after it are those that stand then,
    and are missing past the close or the end of what is known. A limit is
    that of the child then.

    Args:
        orders: what ``measure_worked`` returned of ``parents``.
        parents, fills: as ``orderworks.ledger.quality.load_for_measuring`` has them.
        histories: of the session.
        market_symbol: what stands for the market; None: the other symbols of ``orders``.

    Returns:
        The columns of the ledger's fill_quality but account and session, in the order of ``fills``.
        price and commission are Decimal, all else that is measured float64 or NaN.

    Raises:
        MarketDataError: if the market's data cannot be read.
    """
    own = pd.Index(orders["client_order_id"]).get_indexer(pd.Index(fills["parent_id"]))
    parent = orders.iloc[own].reset_index(drop=True)
    rows = fills[list(AS_BOOKED)].reset_index(drop=True)
    for name in OF_ORDER:
        rows[name] = parent[name]
    signs: Floats = rows["side"].map(lambda side: Side(side).sign).to_numpy(float)
    prices = rows["price"].to_numpy(np.float64)
    filled_at = to_microseconds(rows["ts"])
    bids, asks, later = _quotes(rows["symbol"], filled_at, histories)
    # An order's prices are of the shares of its last fill; a fill's are of its own.
    became = fills["splits"].to_numpy(np.float64)
    mids, arrivals = (bids + asks) / 2, parent["arrival_price"].to_numpy(np.float64) * became
    after = later[REALIZED]
    benchmarks = {
        name: parent[f"{name}_price"].to_numpy(np.float64) * became for name in BENCHMARKS
    }
    benchmarks["limit"] = fills["limit_price"].to_numpy(np.float64)
    market = sorted(orders["symbol"].unique()) if market_symbol is None else [market_symbol]
    released_at = to_microseconds(parents["released_at"])[own]
    moved = market_returns(
        rows["symbol"].to_numpy(object), released_at, filled_at, market, histories
    )
    return rows.assign(
        paid=prices * rows["quantity"],
        bid=bids,
        ask=asks,
        arrival_price=arrivals,
        **{
            f"slippage_{name}_bps": signs * (prices - fair) / fair * BASIS_POINTS
            for name, fair in benchmarks.items()
        },
        effective_spread_bps=effective_spreads_bps(signs, prices, mids),
        realized_spread_bps=realized_spreads_bps(signs, prices, mids, after),
        price_impact_bps=price_impacts_bps(signs, mids, after),
        price_improvement_bps=price_improvements_bps(signs, prices, bids, asks),
        spread_capture=spread_captures(signs, prices, bids, asks),
        **{f"markout_{name}_bps": markouts_bps(signs, prices, mid) for name, mid in later.items()},
        market_adjusted_bps=market_adjusted_bps(signs, prices, arrivals, moved),
    )


def with_fills(orders: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Orders with the weighted mean of each of WEIGHTS over their fills; NaN where none has it.

    Args:
        orders: as ``measure_worked`` returns them; ``rows`` as ``measure_fills`` does.
    """
    shares = rows["quantity"].to_numpy(np.float64)
    weights = {
        "mid": (rows["bid"] + rows["ask"]) / 2 * shares,
        "spread": (rows["ask"] - rows["bid"]) * shares,
        "price": rows["paid"],
        "arrival": rows["arrival_price"] * shares,
    }
    parts = {}
    for name, weigh in WEIGHTS.items():
        known = rows[name].notna()
        parts[f"of_{name}"] = weights[weigh].where(known, 0.0)
        parts[name] = (rows[name] * weights[weigh]).where(known, 0.0)
    sums = pd.DataFrame(parts).groupby(rows["parent_id"].to_numpy()).sum()
    sums = sums.reindex(orders["client_order_id"].to_numpy(), fill_value=0.0)
    means = {
        name: (sums[name] / sums[f"of_{name}"].where(sums[f"of_{name}"] > 0)).to_numpy(np.float64)
        for name in WEIGHTS
    }
    return orders.assign(**means)


def _quotes(
    symbols: pd.Series[Any], filled_at: NDArray[np.int64], histories: Histories
) -> tuple[Floats, Floats, dict[str, Floats]]:
    """The bid and the ask at each fill, and the mids after it by horizon."""
    bids, asks = np.full(len(symbols), np.nan), np.full(len(symbols), np.nan)
    later = {name: np.full(len(symbols), np.nan) for name in HORIZONS}
    until = microseconds(min(histories.until, histories.session.close))
    for symbol, rows in symbols.groupby(symbols).indices.items():
        history = histories.of(str(symbol))
        bids[rows], asks[rows] = history.sides_at(filled_at[rows])
        for name, mids in mids_after(history, filled_at[rows], until).items():
            later[name][rows] = mids
    return bids, asks, later
