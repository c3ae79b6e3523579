"""Which channels the settings name: those whose secret is in the environment."""

import os
from collections.abc import Mapping

from orderworks.model.secret import dereferenced
from orderworks.notification.channel import Channel
from orderworks.notification.mail import Mail
from orderworks.notification.slack import Slack
from orderworks.notification.webhook import Webhook
from orderworks.settings import Alerts


def channels_of(settings: Alerts, environ: Mapping[str, str] | None = None) -> list[Channel]:
    """The channels that this process can tell a person on."""
    values = os.environ if environ is None else environ
    channels: list[Channel] = []
    if webhook := dereferenced(settings.webhook, values):
        channels.append(Webhook(webhook))
    if slack := dereferenced(settings.slack, values):
        channels.append(Slack(slack))
    if settings.email.host:
        channels.append(Mail(settings.email, dereferenced(settings.email.password, values)))
    return channels
