"""What the orders of each route have cost of late: what one of them is held against."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from orderworks.ledger.connection import Ledger

_HISTORY = """
WITH past AS (
    SELECT route_rule, slippage_arrival_bps AS cost FROM order_quality
    WHERE account = %(account)s AND session >= %(since)s AND session < %(before)s
      AND route_rule = ANY(%(routes)s) AND slippage_arrival_bps IS NOT NULL
), middle AS (
    SELECT route_rule, count(*) AS orders,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY cost) AS median
    FROM past GROUP BY route_rule HAVING count(*) >= %(at_least)s
)
SELECT m.route_rule, m.orders AS history_orders, m.median AS median_bps,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(p.cost - m.median)) AS deviation_bps
FROM past p JOIN middle m USING (route_rule) GROUP BY m.route_rule, m.orders, m.median
"""

COLUMNS = ("route_rule", "history_orders", "median_bps", "deviation_bps")


class RouteHistory:
    """The recent costs of routes as a session sees them: each is read once, at its first question.

    They are of the days before, and do not change while the session is watched wave by wave.
    """

    def __init__(self) -> None:
        self._read: dict[tuple[object, ...], dict[str, pd.DataFrame]] = {}

    def of(
        self,
        ledger: Ledger,
        account: str,
        before: date,
        days: int,
        at_least: int,
        routes: Sequence[str],
    ) -> pd.DataFrame:
        """What ``route_history`` returns."""
        known = self._read.setdefault((account, before, days, at_least), {})
        if new := [route for route in routes if route not in known]:
            found = route_history(ledger, account, before, days, at_least, new)
            known |= {route: found[found["route_rule"] == route] for route in new}
        wanted = [known[route] for route in routes]
        return pd.concat(wanted, ignore_index=True) if wanted else _table([])


def route_history(
    ledger: Ledger, account: str, before: date, days: int, at_least: int, routes: Sequence[str]
) -> pd.DataFrame:
    """Median and median absolute deviation of what the orders of each route cost over their arrival mid.

    Args:
        before: the first day that is not looked at; ``days`` calendar days before it are.
        at_least: how many measured orders a route must have; one with fewer has no row.
        routes: which to look at.

    Returns:
        COLUMNS: the measures in basis points, float64.
    """
    rows = ledger.execute(
        _HISTORY.encode(),
        {
            "account": account,
            "since": before - timedelta(days=days),
            "before": before,
            "at_least": at_least,
            "routes": list(routes),
        },
    ).fetchall()
    return _table(rows)


def _table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame([[row[name] for name in COLUMNS] for row in rows], columns=list(COLUMNS))
    return table.astype({"history_orders": "int64", "median_bps": float, "deviation_bps": float})
