"""Tell what the ledger has in its outbox; and what a wave's orders have come to, as they do."""

import asyncio

from prefect.runtime import flow_run
from prefect.utilities.urls import url_for

from orderworks.desk.desk import Desk
from orderworks.ledger.alert_deliveries import end_waits, has_work
from orderworks.ledger.alerts import RUN_LINK
from orderworks.ledger.connection import database_url
from orderworks.notification.channel import Channel
from orderworks.notification.channels import channels_of
from orderworks.notification.outbox import deliver
from orderworks.quality.watching import watch_session
from orderworks.settings import Alerts, Settings, home_directory
from tasks.prefect_events import PrefectEvents, has_server

BETWEEN_WAVES_SECONDS = 1.0
"""A server or a receiver that is away may not keep the next slice waiting for longer."""

AT_THE_END_SECONDS = 15.0


def link_alerts_to_this_run() -> None:
    """Alerts that this process raises from now on name the run's page, where a server shows one."""
    link_alerts_to(flow_run.id)


def link_alerts_to(flow_run_id: str | None) -> None:
    """The same, for a run that may be over."""
    shown = flow_run_id is not None and has_server()
    RUN_LINK.set(url_for("flow-run", flow_run_id) if shown else None)


def all_channels(settings: Alerts) -> list[Channel]:
    """The channels of the settings, and the server's events where there is a lasting server."""
    channels = channels_of(settings)
    # First, so that the feed of the UI is not behind what people were told.
    return [PrefectEvents(), *channels] if has_server() else channels


def deliver_now(settings: Settings) -> int:
    """Delivers the alerts of the settings' account that wait, from any process; returns how many."""
    return deliver(
        database_url(home_directory()),
        settings.broker.account,
        settings.alerts,
        all_channels(settings.alerts),
        AT_THE_END_SECONDS,
    )


async def tell_alerts(desk: Desk) -> None:
    """Delivers the account's alerts that wait; what cannot be delivered in time waits on.

    That nobody answered at once between two waves does not count: nothing waits for this, and nobody
    knows when the next run comes.
    """
    end_waits(desk.ledger, desk.account)
    await _deliver(desk, AT_THE_END_SECONDS)


async def tell_of_wave(desk: Desk) -> None:
    """Alerts of what the session's orders cost and were refused for so far, and tells it."""
    watch_session(
        desk.ledger,
        desk.account,
        desk.session.date,
        desk.settings.quality,
        desk.clock.now(),
        desk.route_history,
    )
    await _deliver(desk, BETWEEN_WAVES_SECONDS)


async def _deliver(desk: Desk, seconds: float) -> None:
    settings = desk.settings.alerts
    channels = all_channels(settings)
    if has_work(desk.ledger, desk.account, [channel.name for channel in channels]):
        await asyncio.to_thread(deliver, desk.url, desk.account, settings, channels, seconds)
