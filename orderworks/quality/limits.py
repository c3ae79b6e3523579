"""From what on an order is told: its own symbol's threshold, else its route's, else the one for all; and
what is out of the ordinary for its route."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from orderworks.ledger.connection import Ledger
from orderworks.ledger.route_history import RouteHistory
from orderworks.settings import Quality


def slippage_limits(rows: pd.DataFrame, settings: Quality) -> pd.Series[float]:
    """The basis points that each order may cost over its arrival mid; by ``symbol`` and ``route_rule``."""
    return _limits(rows, settings, "slippage_bps", settings.alert_slippage_bps)


def latency_limits(rows: pd.DataFrame, settings: Quality) -> pd.Series[float]:
    """The milliseconds that each order may take to be acknowledged."""
    return _limits(rows, settings, "latency_ms", settings.alert_latency_ms)


def with_outlier_limits(
    rows: pd.DataFrame,
    ledger: Ledger,
    account: str,
    session: date,
    settings: Quality,
    history: RouteHistory,
) -> pd.DataFrame:
    """Orders beside the recent cost of their route, and from what on theirs is out of the ordinary.

    The limit is the median of the route's orders of the days before ``session`` and so many median
    absolute deviations as ``outliers.deviations`` says (Hampel, 1974). It is NaN, which nothing is
    above, where a route has fewer than ``outliers.minimum_orders``, or where more than half of them
    cost the same: then there is no ordinary deviation.

    Returns:
        ``rows`` with median_bps, deviation_bps, history_orders and outlier_limit_bps.
    """
    rule = settings.outliers
    # A query that is not needed is not asked: this is looked at after every wave.
    routes = sorted(rows["route_rule"][rows["slippage_arrival_bps"] > 0].unique())
    past = history.of(ledger, account, session, rule.days, rule.minimum_orders, routes)
    found = rows.merge(past, on="route_rule", how="left")
    deviation = found["deviation_bps"].where(found["deviation_bps"] > 0)
    found["outlier_limit_bps"] = found["median_bps"] + rule.deviations * deviation
    return found.set_axis(rows.index)


def _limits(rows: pd.DataFrame, settings: Quality, name: str, default: float) -> pd.Series[float]:
    stated = settings.thresholds
    limits = pd.Series(np.full(len(rows), default), index=rows.index)
    for column, exceptions in (("route_rule", stated.by_route), ("symbol", stated.by_symbol)):
        own = {
            key: value
            for key, one in exceptions.items()
            if (value := getattr(one, name)) is not None
        }
        limits = rows[column].map(own).astype(float).fillna(limits)
    return limits
