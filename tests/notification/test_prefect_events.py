"""A Prefect server that is away, hangs or refuses: told apart, and never waited for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from receivers import Receiver

from orderworks.ledger.alert_deliveries import Stored
from orderworks.notification.channel import Refused, Undelivered
from tasks.prefect_events import PrefectEvents, events_of_alert

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)
PAYLOAD = {"threshold": 10}
ALERT = Stored(
    *(7, "SIM1", "slippage_breach", "slippage_breach:a", "slippage_breach:a", "a"),
    *("it cost 19.9 bps", PAYLOAD, AT, AT, "http://127.0.0.1:4200/runs/flow-run/1", "automation"),
)


@contextmanager
def server(receiver: Receiver) -> Iterator[None]:
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{receiver.port}/api"}):
        yield


def test_the_event_of_an_alert_is_the_same_each_time() -> None:
    (event,) = events_of_alert(ALERT)
    (again,) = events_of_alert(ALERT)
    assert event.id == again.id
    assert event.event == "orderworks.slippage_breach"
    assert event.resource.id == "orderworks.account.SIM1"
    assert event.resource["orderworks.severity"] == "warning"
    assert event.resource["orderworks.told_by"] == "automation"
    told = {name: event.payload[name] for name in ("client_order_id", "threshold", "link")}
    assert told == {"client_order_id": "a", "threshold": 10, "link": ALERT.link}


def test_a_server_that_hangs_is_not_waited_for() -> None:
    with Receiver(delay=30) as hanging, server(hanging):
        begun = time.monotonic()
        with pytest.raises(Undelivered, match="does not answer"):
            PrefectEvents().send([ALERT], 1)
        assert time.monotonic() - begun < 3


def test_a_server_that_is_away_is_not_waited_for() -> None:
    with Receiver() as away:
        pass
    with server(away), pytest.raises(Undelivered, match="does not answer"):
        PrefectEvents().send([ALERT], 1)


@pytest.mark.parametrize(("status", "error"), [(422, Refused), (503, Undelivered)])
def test_what_it_answers_is_told_apart(status: int, error: type[Undelivered]) -> None:
    with (
        Receiver(status=status) as answering,
        server(answering),
        pytest.raises(Undelivered, match=f"answered {status}") as raised,
    ):
        PrefectEvents().send([ALERT], 5)
    assert raised.type is error
