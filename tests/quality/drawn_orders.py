"""Any orders and fills in a small market, measured, and what the mean of a measure of theirs is."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from quality_tables import (
    CLOSE,
    at,
    bar,
    fill,
    fills_table,
    parent,
    parents_table,
    quote,
    recorded,
)

from orderworks.market.replay import ReplayMarket
from orderworks.quality.filling import measure_fills, with_fills
from orderworks.quality.histories import Histories
from orderworks.quality.measuring import measure_worked

UNQUOTED = "NONE"
Measured = tuple[pd.DataFrame, pd.DataFrame]


def two_symbols(directory: Path) -> ReplayMarket:
    """A and B are quoted and traded, A in the end with a locked quote; nothing else is."""
    return recorded(
        directory,
        [
            quote(30, 10.04, 10.06),
            quote(300, 10.07, 10.09),
            quote(30, 9.99, 10.01, "B"),
            quote(23_390, 10.03, 10.03),  # locked
            quote(23_390, 10.09, 10.11, "B"),
        ],
        [bar(90, 10.06, 3000), bar(23_000, 10.02, 500), bar(100, 10.0, 700, "B")],
    )


def measured(
    market: ReplayMarket, parents: list[dict[str, object]], fills: list[dict[str, object]]
) -> Measured:
    """The orders and the fills, as they are stored."""
    tables, histories = (parents_table(*parents), fills_table(*fills)), Histories(market, CLOSE)
    orders = measure_worked(*tables, histories)
    rows = measure_fills(orders, *tables, histories)
    return with_fills(orders, rows), rows


CENTS = st.integers(900, 1100).map(lambda cents: Decimal(cents) / 100)
FILLS = st.lists(
    st.tuples(st.integers(1, 100), CENTS, st.integers(61, 23_399), st.none() | CENTS), max_size=4
)
ORDERS = st.lists(
    st.fixed_dictionaries(
        {
            "side": st.sampled_from(["buy", "sell"]),
            "symbol": st.sampled_from(["A", "B", UNQUOTED]),
            "strategy": st.sampled_from(["momentum", "value"]),
            "order_type": st.sampled_from(["limit", "market"]),
            "route_rule": st.sampled_from(["DEFAULT", "URGENT"]),
            "algo": st.sampled_from(["none", "twap"]),
            "adv": st.sampled_from([None, 1e3, 1e4, 1e6]),
            "released_at": st.sampled_from([at(60), at(3600)]),
            "decision_price": CENTS,
        }
    ).flatmap(lambda order: st.tuples(st.just(order), st.integers(0, 40), FILLS)),
    min_size=1,
    max_size=6,
)
"""Orders, how much of each stays unfilled, and its fills: shares, price, second, the child's limit."""


def drawn(orders: Any) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The parents and the fills of what was drawn of ORDERS."""
    parents, fills = [], []
    for i, (order, unfilled, done) in enumerate(orders):
        quoted = order["symbol"] != UNQUOTED
        quote_of = {"arrival_bid": None, "arrival_ask": None} if not quoted else {}
        quantity = sum(shares for shares, *_ in done) + unfilled or 1
        parents.append(parent(f"p{i}", **order, **quote_of, quantity=quantity))
        fills += [
            fill(
                shares,
                str(price),
                second,
                f"p{i}",
                exec_id=f"x{i}-{n}",
                commission=Decimal("0.35"),
                limit_price=limit,
            )
            for n, (shares, price, second, limit) in enumerate(done)
        ]
    return parents, fills


def mean(rows: pd.DataFrame, measure: str, weight: pd.Series) -> float:
    """Of the fills that have it, plainly."""
    known = rows[measure].notna()
    total = float(weight[known].sum())
    return float((rows[measure] * weight)[known].sum()) / total if total else np.nan
