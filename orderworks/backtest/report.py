"""The replay as listings: by algorithm, by algorithm and route, and every two compared."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from orderworks.backtest.comparison import Paired
from orderworks.model.listing import Listing

MEASURES = (
    *("orders", "unmeasured", "quantity", "filled_quantity", "fill_rate", "notional"),
    *("slippage_arrival_bps", "slippage_twap_bps", "slippage_vwap_bps"),
    *("shortfall_bps", "shortfall_total", "fees"),
)
COMPARED = (
    *("algorithm", "other", "orders", "alike", "sessions", "bps", "other_bps"),
    *("difference_bps", "spread_bps", "low_bps", "high_bps", "within_noise"),
)


def costs(table: pd.DataFrame) -> Listing:
    """A table of ``by_algorithm`` or ``by_route``; the route of a whole algorithm is 'all'."""
    rows = [tuple(row) for row in _plain(table, ("algorithm", "key", *MEASURES))]
    return Listing(("algorithm", "route", *MEASURES), rows)


def comparisons(compared: Sequence[Paired]) -> Listing:
    """Every two algorithms, a row each."""
    return Listing(COMPARED, [tuple(getattr(one, name) for name in COMPARED) for one in compared])


NOTHING = Listing(("algorithm", "route", *MEASURES, "against"), [])
"""``everything`` of a replay without an order."""


def everything(summary: pd.DataFrame, routes: pd.DataFrame, compared: Sequence[Paired]) -> Listing:
    """All in one listing: ``against`` of a whole algorithm holds its comparison with each other one."""
    whole, parts = costs(summary), costs(routes)
    against = {
        name: [
            asdict(one) | {"within_noise": one.within_noise}
            for one in compared
            if one.algorithm == name
        ]
        for name in whole.values("algorithm")
    }
    rows = [(*row, against[row[0]]) for row in whole.rows] + [(*row, None) for row in parts.rows]
    return Listing((*whole.columns, "against"), rows)


def _plain(table: pd.DataFrame, columns: Sequence[str]) -> list[list[Any]]:
    """The rows as plain values, what is missing as None."""
    as_objects = table[list(columns)].astype(object)
    return as_objects.where(as_objects.notna(), None).values.tolist()
