"""Days that are measured again, because their executions changed after they were measured."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import Ledger
from orderworks.ledger.measured_sessions import (
    changed_sessions,
    has_changed,
    last_fill,
    mark_examined,
    market_of_session,
    measured_until,
)
from orderworks.market.calendar import require_session
from orderworks.market.data import MarketData
from orderworks.market.replay import ReplayMarket
from orderworks.model.errors import MarketDataError, QuotesForgotten
from orderworks.quality.report import SessionQuality, kept_quality, measure_session
from orderworks.settings import Quality

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Corrected:
    """The sessions that were measured again, and those that could not be."""

    measured: tuple[date, ...] = ()
    outdated: tuple[date, ...] = ()

    def __str__(self) -> str:
        told = [
            f"{what} {', '.join(map(str, days))}"
            for what, days in (("measured again", self.measured), ("outdated", self.outdated))
            if days
        ]
        return "; ".join(told) or "no earlier session changed"


def measure_current(
    ledger: Ledger,
    account: str,
    session: date,
    session_close: datetime,
    market: MarketData,
    settings: Quality,
    at: datetime,
) -> SessionQuality:
    """Measures a session; where the market has forgotten it, what was measured of it stands.

    A live market's quotes are those that this process heard: after the run that traded, another one has
    none. That executions changed since then is told, once.

    Raises:
        MarketDataError: if the market's data cannot be read.
    """
    try:
        return measure_session(ledger, account, session, session_close, market, settings, at)
    except QuotesForgotten as error:
        log.info("%s", error)
        last = last_fill(ledger, account)
        if has_changed(ledger, account, session):
            raise_alerts(ledger, account, [_outdated(account, session, last, str(error), at)])
        return kept_quality(ledger, account, session)


def measure_changed(
    ledger: Ledger,
    account: str,
    but: date,
    market: MarketData,
    settings: Quality,
    at: datetime,
) -> Corrected:
    """Measures again each session whose executions changed since: a late fill, a correction, a bust.

    One whose market is not to be had keeps what was measured of it, and an alert says so, once.

    Args:
        but: a session that is measured by itself.
        market: of that session; of an earlier one the recorded market that its runs replayed, or what
            this one still knows of it.
        at: now, market time.
    """
    through = measured_until(ledger, account, but)
    measured, outdated = [], []
    for session in changed_sessions(ledger, account, but):
        try:
            its_market = _market_of(ledger, account, market, session)
            close = require_session(session).close
            quality = measure_session(ledger, account, session, close, its_market, settings, at)
        except MarketDataError as error:
            outdated.append(session)
            raise_alerts(ledger, account, [_outdated(account, session, through, str(error), at)])
        else:
            measured.append(session)
            log.info("executions of session %s changed; measured again: %s", session, quality)
    mark_examined(ledger, account, through)
    return Corrected(tuple(measured), tuple(outdated))


def _market_of(ledger: Ledger, account: str, market: MarketData, session: date) -> MarketData:
    if not isinstance(market, ReplayMarket):
        return market
    named = market_of_session(ledger, account, session)
    return ReplayMarket(market.directory if named is None else Path(named), session)


def _outdated(account: str, session: date, through: int, why: str, at: datetime) -> Alert:
    return Alert(
        kind="quality_outdated",
        cause=f"quality_outdated:{session}:{through}",
        subject=f"quality_outdated:{session}",
        message=f"executions of account {account} in session {session} changed after their cost was "
        f"measured, and it cannot be measured again: {why}",
        at=at,
        payload={"session": str(session), "reason": why},
    )
