"""The outbox: who tells each alert is decided once, and each channel is tried until it has taken it.

One path an alert: the channels of the settings, if there are any, as they can be tried again and need
no Prefect server; else that server's automations, which notify of what the event marks as theirs. The
event itself is posted in any case, for the server's feed.

A channel that nobody answers on is left alone, with all that waits for it, for longer each time. A
message that only itself is refused does not keep the others.
"""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from random import Random

import psycopg

from orderworks.ledger import alert_deliveries as deliveries
from orderworks.ledger.alert_deliveries import Stored, TellsIt
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.model.alert import severity_of
from orderworks.model.backoff import delays
from orderworks.model.errors import LedgerUnavailable
from orderworks.notification.channel import Channel, Refused, Undelivered
from orderworks.settings import Alerts

log = logging.getLogger(__name__)

EVENTS = "prefect"
"""The channel of the Prefect server's events, which by itself tells no person."""

FIRST_WAIT, FACTOR, LONGEST_WAIT = 5, 2, 900
"""Seconds; between two tries of a channel."""

_DRAWS = Random()


def deliver(
    url: str, account: str, settings: Alerts, channels: Sequence[Channel], seconds: float
) -> int:
    """Tells what is to be told of an account, for at most about ``seconds``; returns how much was.

    What another process is telling at the same time is left to that one, and what fails is left for
    later: this raises nothing but programming errors.

    Args:
        channels: those of the settings, and that of events where there is a server.
    """
    until = time.monotonic() + seconds
    told = 0
    try:
        with open_ledger(url) as ledger:
            if not deliveries.take_turn(ledger, account):
                return 0
            _decide(ledger, account, settings, [channel.name for channel in channels])
            for channel in channels:
                told += _work(ledger, account, channel, until)
    except (psycopg.Error, LedgerUnavailable) as error:
        log.warning("alerts of account %s wait: the ledger broke off (%s)", account, type(error))
    return told


def _decide(ledger: Ledger, account: str, settings: Alerts, names: Sequence[str]) -> None:
    people = [name for name in names if name != EVENTS]
    for alert in deliveries.undecided(ledger, account):
        told_by = _who_tells(ledger, alert, settings, bool(people))
        chosen = [EVENTS, *(people if told_by == "orderworks" else ())]
        deliveries.decide(ledger, alert, told_by, chosen)


def _who_tells(ledger: Ledger, alert: Stored, settings: Alerts, can_tell: bool) -> TellsIt:
    if severity_of(alert.kind).rank < settings.minimum_severity.rank:
        return "nobody"
    if deliveries.was_told(ledger, alert, settings.period):
        return "nobody"
    return "orderworks" if can_tell else "automation"


def _work(ledger: Ledger, account: str, channel: Channel, until: float) -> int:
    """Sends what is due on a channel, in order, until that is done, nobody answers, or time is up."""
    told = 0
    while alerts := deliveries.due(ledger, account, channel.name, channel.batch):
        left = until - time.monotonic()
        if left <= 0:
            break
        ids = [alert.id for alert in alerts]
        try:
            channel.send(alerts, left)
        except Undelivered as error:
            wait = _wait(alerts[0].attempts)
            if not isinstance(error, Refused):
                deliveries.hold_channel(ledger, account, channel.name, wait)
            deliveries.mark_failed(ledger, channel.name, ids, str(error), wait)
            log.warning(
                "alerts wait: %s %s; tried again in %.0f s", channel.name, error, wait.seconds
            )
        else:
            deliveries.mark_delivered(ledger, channel.name, ids)
            told += len(ids)
    return told


def _wait(attempts: int) -> timedelta:
    series = delays(_DRAWS, FIRST_WAIT, FACTOR, LONGEST_WAIT)
    return timedelta(seconds=next(islice(series, min(attempts, 30), None)))
