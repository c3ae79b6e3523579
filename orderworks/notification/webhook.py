"""A webhook: each alert as a JSON object of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from orderworks.ledger.alert_deliveries import Stored
from orderworks.notification.message import record_of
from orderworks.notification.posting import post_json


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts to an address. ``Idempotency-Key`` is the alert's id: the same one, if it comes again."""

    url: str = field(repr=False)
    name: str = "webhook"
    batch: int = 1

    def send(self, alerts: Sequence[Stored], timeout: float) -> None:
        for alert in alerts:
            record = record_of(alert)
            post_json(self.url, record, {"Idempotency-Key": record["id"]}, timeout)
