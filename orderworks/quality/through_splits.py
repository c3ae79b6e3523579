"""Executions in shares of one kind, where shares were split while their order rested: a pure kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from orderworks.model.adjustment import of_new_share, whole_shares


def in_last_shares(fills: pd.DataFrame) -> pd.DataFrame:
    """The fills in the shares of the last one of their order.

    Args:
        fills: parent_id, quantity, price, limit_price and splits, how many of these shares one of the
            fill's own became.

    Returns:
        ``fills`` with quantity, price and limit_price in those shares: whole ones, of which a parent's
        together come to no part of a share.
    """
    splits = fills["splits"].to_numpy(object)
    others = splits != 1
    if not others.any():
        return fills
    quantities = fills["quantity"].to_numpy(np.int64, copy=True)
    for rows in fills.groupby(fills["parent_id"].to_numpy()).indices.values():
        if others[rows].any():
            quantities[rows] = whole_shares(quantities[rows].tolist(), splits[rows].tolist())
    prices = {
        name: of_new_shares(fills[name], fills["splits"]) for name in ("price", "limit_price")
    }
    return fills.assign(quantity=quantities, **prices)


def of_new_shares(prices: pd.Series[Any], became: pd.Series[Any]) -> pd.Series[Any]:
    """Each price, exact or None, of one of the shares that one share became."""
    told = [of_new_share(*one) for one in zip(prices.tolist(), became.tolist(), strict=True)]
    return pd.Series(told, index=prices.index, dtype=object)
