"""What a session's orders cost and were refused for, looked at while it goes on."""

from __future__ import annotations

from datetime import date, datetime

from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import Ledger
from orderworks.ledger.quality import load_working
from orderworks.ledger.rejections import rejected_orders
from orderworks.quality.limits import with_outlier_limits
from orderworks.quality.measuring import measure_progress
from orderworks.quality.rejections import rejections
from orderworks.quality.thresholds import order_breaches
from orderworks.settings import Quality


def watch_session(
    ledger: Ledger, account: str, session: date, settings: Quality, at: datetime
) -> list[Alert]:
    """Raises what the released orders breach by now; returns what was not raised before.

    The same breaches, under the same causes, that ``measure_session`` finds at the end; but for those
    that need the market's record or every fill.

    Args:
        at: now, market time.
    """
    rows = measure_progress(load_working(ledger, account, session))
    rows = with_outlier_limits(rows, ledger, account, session, settings)
    found = [
        *order_breaches(rows, settings, at),
        *rejections(rejected_orders(ledger, account, session), at),
    ]
    return raise_alerts(ledger, account, found) if found else []
