"""Slack: alerts as one message to an incoming webhook."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from orderworks.ledger.alert_deliveries import Stored
from orderworks.notification.message import headline, text_of
from orderworks.notification.posting import post_json

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Slack:
    """Posts to a Slack incoming webhook, which takes about one message a second."""

    url: str = field(repr=False)
    name: str = "slack"
    batch: int = 20

    def send(self, alerts: Sequence[Stored], timeout: float) -> None:
        told = (
            f"*{headline(alert).translate(_ESCAPED)}*\n{text_of(alert).translate(_ESCAPED)}"
            for alert in alerts
        )
        post_json(self.url, {"text": "\n\n".join(told)}, {}, timeout)
