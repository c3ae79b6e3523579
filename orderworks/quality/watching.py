"""What a session's orders cost and were refused for, looked at while it goes on."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import Ledger
from orderworks.ledger.quality import beyond_limits, load_working
from orderworks.ledger.rejections import rejected_orders
from orderworks.ledger.route_history import RouteHistory
from orderworks.model.order import Side
from orderworks.quality.child_limits import against_limits
from orderworks.quality.limits import with_outlier_limits
from orderworks.quality.measuring import measure_progress
from orderworks.quality.rejections import rejections
from orderworks.quality.thresholds import LIMIT, breaches_of, order_breaches
from orderworks.settings import Quality


def watch_session(
    ledger: Ledger,
    account: str,
    session: date,
    settings: Quality,
    at: datetime,
    history: RouteHistory | None = None,
) -> list[Alert]:
    """Raises what the released orders breach by now; returns what was not raised before.

    The same breaches, under the same causes, that ``measure_session`` finds at the end, but for that of
    the day as a whole.

    Args:
        at: now, market time.
        history: what was read of it when the session was looked at before.
    """
    rows = measure_progress(load_working(ledger, account, session))
    rows = with_outlier_limits(rows, ledger, account, session, settings, history or RouteHistory())
    found = [
        *order_breaches(rows, settings, at),
        *_broken_limits(ledger, account, session, rows, at),
        *rejections(rejected_orders(ledger, account, session), at),
    ]
    return raise_alerts(ledger, account, found) if found else []


def _broken_limits(
    ledger: Ledger, account: str, session: date, rows: pd.DataFrame, at: datetime
) -> list[Alert]:
    names, fills = beyond_limits(ledger, account, session)
    broken = rows[rows["client_order_id"].isin(names)].reset_index(drop=True)
    fills = fills[fills["parent_id"].isin(broken["client_order_id"])]
    of_parent = pd.Index(broken["client_order_id"]).get_indexer(pd.Index(fills["parent_id"]))
    signs = broken["side"].map(lambda side: Side(side).sign).to_numpy(float)
    return breaches_of(LIMIT, broken.assign(**against_limits(fills, of_parent, signs)), 0.0, at)
