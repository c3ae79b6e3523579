"""The execution quality of a session: measured, stored, and told where it was bad."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import Ledger
from orderworks.ledger.measured_sessions import has_benchmarks, last_fill, mark_measured
from orderworks.ledger.quality import load_for_measuring, load_measured, store_quality
from orderworks.ledger.route_history import RouteHistory
from orderworks.market.data import MarketData
from orderworks.model.errors import QuotesForgotten
from orderworks.model.order_messages import OrderMessages
from orderworks.quality.efficiency import efficiency_breach, messages_of_day
from orderworks.quality.filling import measure_fills, with_fills
from orderworks.quality.histories import Histories
from orderworks.quality.limits import with_outlier_limits
from orderworks.quality.measuring import measure_worked, outlasting
from orderworks.quality.periods import load_day, store_day
from orderworks.quality.telling import told
from orderworks.quality.thresholds import breaches
from orderworks.settings import Quality


@dataclass(frozen=True, slots=True, eq=False)
class SessionQuality:
    """What a session's execution cost an account.

    ``per_order`` is as ``with_fills``, ``per_fill`` as ``measure_fills`` and ``daily`` as ``load_day``
    returns it; ``sent`` is what all that took in messages; ``alerts`` are those that were not raised
    before.
    """

    account: str
    session: date
    per_order: pd.DataFrame
    per_fill: pd.DataFrame
    daily: pd.DataFrame
    sent: OrderMessages
    alerts: list[Alert]

    def __str__(self) -> str:
        """The day in a sentence; what is not known is left out."""
        days = self.daily[self.daily["dimension"] == "day"]
        if not len(days):
            return "nothing to measure"
        return (
            f"{told(days.iloc[0].to_dict())}, order efficiency ratio "
            f"{self.sent.efficiency_ratio:.1f}, {len(self.alerts)} new alerts"
        )


def measure_session(
    ledger: Ledger,
    account: str,
    session: date,
    session_close: datetime,
    market: MarketData,
    settings: Quality,
    at: datetime,
) -> SessionQuality:
    """Measures a session and keeps the result; done again, it replaces it and alerts of nothing twice.

    Args:
        market: the session's.
        at: now, market time. Before the close, open orders are measured up to now.

    Raises:
        MarketDataError: if the market's data cannot be read; nothing is stored then.
        QuotesForgotten: if the market has nothing of a session that was measured with it before;
            what was measured is kept.
    """
    until_fill = last_fill(ledger, account)
    parents, fills = load_for_measuring(ledger, account, session)
    histories = Histories(market, min(session_close, at))
    per_order = measure_worked(parents, fills, histories)
    per_fill = measure_fills(per_order, parents, fills, histories, settings.market_symbol or None)
    per_order = with_fills(per_order, per_fill)
    # An order that was filled on later days too has no TWAP of the session, but an end.
    outlasts = outlasting(parents, fills, histories)
    quoted = per_order["twap_price"].where(~outlasts, per_order["end_price"])
    _require_nothing_lost(ledger, account, session, is_known=bool(quoted.notna().any()))
    judged = with_outlier_limits(per_order, ledger, account, session, settings, RouteHistory())
    found = breaches(judged, settings, account, session, at)
    sent = messages_of_day(ledger, account, session)
    found += efficiency_breach(sent, settings.alert_order_efficiency, account, session, at)
    with ledger.transaction():
        store_quality(ledger, account, session, per_order, per_fill)
        store_day(ledger, account, session)
        mark_measured(ledger, account, session, at, until_fill)
        fresh = raise_alerts(ledger, account, found)
        daily = load_day(ledger, account, session)
    return SessionQuality(account, session, per_order, per_fill, daily, sent, fresh)


def kept_quality(ledger: Ledger, account: str, session: date) -> SessionQuality:
    """What a session was measured to have cost, as the ledger has it; nothing is alerted."""
    per_order, per_fill = load_measured(ledger, account, session)
    daily = load_day(ledger, account, session)
    sent = messages_of_day(ledger, account, session)
    return SessionQuality(account, session, per_order, per_fill, daily, sent, [])


def _require_nothing_lost(ledger: Ledger, account: str, session: date, *, is_known: bool) -> None:
    """A live market forgets: what it was once known to have cost is not replaced by nothing."""
    if not is_known and has_benchmarks(ledger, account, session):
        raise QuotesForgotten(
            f"the market has no quotes of session {session}, which was measured with some; what was "
            "measured is kept: name the recorded market with --market"
        )
