"""The outbox: told once, in order, kept while nobody answers, and never in the way."""

import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from receivers import MailReceiver, Receiver

from orderworks.ledger.accounts import open_account
from orderworks.ledger.alert_deliveries import has_work, undelivered
from orderworks.ledger.alerts import RUN_LINK, Alert, raise_alerts
from orderworks.ledger.connection import Ledger
from orderworks.notification.channels import channels_of
from orderworks.notification.outbox import deliver
from orderworks.settings import Alerts, load_settings

ACCOUNT = "SIM1"
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture(autouse=True)
def account(ledger: Ledger) -> None:
    open_account(ledger, ACCOUNT, "simulated", "simulated")


def breach(order: str, kind: str = "slippage_breach", subject: str | None = None) -> Alert:
    """A breach of an order."""
    payload = {"threshold": 10, "slippage_arrival_bps": 19.9}
    return Alert(
        kind, f"{kind}:{order}", f"{order} cost 19.9 bps", AT, order, payload, subject=subject
    )


def alerting(**others: object) -> Alerts:
    return load_settings(alerts=others).alerts


def tell(
    url: str, receiver: Receiver | None, settings: Alerts | None = None, seconds: float = 5
) -> int:
    """One round of delivery, as a process does it."""
    environ: Mapping[str, str] = {"ORDERWORKS_WEBHOOK_URL": receiver.url} if receiver else {}
    settings = settings or alerting()
    return deliver(url, ACCOUNT, settings, channels_of(settings, environ), seconds)


def wait_is_over(ledger: Ledger) -> None:
    ledger.execute("UPDATE alert_deliveries SET next_attempt_at = clock_timestamp()")


def test_an_alert_is_told_once_with_all_that_a_person_needs(
    ledger: Ledger, ledger_url: str, receiver: Receiver
) -> None:
    RUN_LINK.set("http://127.0.0.1:4200/flow-runs/flow-run/1")
    try:
        raise_alerts(ledger, ACCOUNT, [breach("a"), breach("a"), breach("b")])
    finally:
        RUN_LINK.set(None)
    assert (tell(ledger_url, receiver), tell(ledger_url, receiver)) == (2, 0)
    assert receiver.causes() == ["slippage_breach:a", "slippage_breach:b"]
    record = receiver.taken[0]
    told = {name: record[name] for name in ("severity", "client_order_id", "threshold", "link")}
    assert told == {
        "severity": "warning",
        "client_order_id": "a",
        "threshold": 10,
        "link": "http://127.0.0.1:4200/flow-runs/flow-run/1",
    }
    assert record["details"]["slippage_arrival_bps"] == 19.9


def test_what_nobody_takes_is_kept_and_told_later_once(ledger: Ledger, ledger_url: str) -> None:
    with Receiver() as away:
        pass
    raise_alerts(ledger, ACCOUNT, [breach("a"), breach("b")])
    assert tell(ledger_url, away) == 0
    assert undelivered(ledger, ACCOUNT)["webhook"] == (2, "Connection refused")
    with away as back:
        assert tell(ledger_url, back) == 0, "it was tried again before its time"
        wait_is_over(ledger)
        assert (tell(ledger_url, back), tell(ledger_url, back)) == (2, 0)
    assert back.causes() == ["slippage_breach:a", "slippage_breach:b"]


def test_one_that_cannot_take_any_now_is_asked_once_for_all_that_waits(
    ledger: Ledger, ledger_url: str, receiver: Receiver
) -> None:
    raise_alerts(ledger, ACCOUNT, [breach("a"), breach("b")])
    receiver.status = 503
    assert (tell(ledger_url, receiver), receiver.refused) == (0, 1)
    assert (tell(ledger_url, receiver), receiver.refused) == (0, 1)
    assert undelivered(ledger, ACCOUNT)["webhook"] == (2, "answered 503")
    receiver.status = 200
    wait_is_over(ledger)
    assert tell(ledger_url, receiver) == 2


def test_it_waits_longer_each_time(ledger: Ledger, ledger_url: str, receiver: Receiver) -> None:
    raise_alerts(ledger, ACCOUNT, [breach("a")])
    receiver.status = 500
    waits = []
    for _ in range(4):
        wait_is_over(ledger)
        tell(ledger_url, receiver)
        row = ledger.execute(
            "SELECT extract(epoch FROM next_attempt_at - clock_timestamp())::float8 AS wait "
            "FROM alert_deliveries WHERE channel = 'webhook'"
        ).fetchone()
        waits.append((row or {})["wait"])
    assert all(
        base / 2 - 1 <= wait <= base for base, wait in zip((5, 10, 20, 40), waits, strict=True)
    )


def test_a_message_that_is_refused_does_not_keep_the_others(
    ledger: Ledger, ledger_url: str, receiver: Receiver
) -> None:
    raise_alerts(ledger, ACCOUNT, [breach("a"), breach("b")])
    receiver.status = 400
    tell(ledger_url, receiver)
    assert receiver.refused == 2
    receiver.status = 200
    raise_alerts(ledger, ACCOUNT, [breach("c")])
    assert tell(ledger_url, receiver) == 1
    assert receiver.causes() == ["slippage_breach:c"]


def test_a_subject_is_told_once_a_period(
    ledger: Ledger, ledger_url: str, receiver: Receiver
) -> None:
    def failed(run: str) -> Alert:
        return breach(run, "run_failed", subject="run_failed:recover")

    raise_alerts(ledger, ACCOUNT, [failed("1"), failed("2")])
    tell(ledger_url, receiver)
    raise_alerts(ledger, ACCOUNT, [failed("3")])
    tell(ledger_url, receiver)
    assert receiver.causes() == ["run_failed:1"]
    ledger.execute("UPDATE alerts SET recorded_at = recorded_at - interval '2 hours'")
    raise_alerts(ledger, ACCOUNT, [failed("4")])
    tell(ledger_url, receiver)
    assert receiver.causes() == ["run_failed:1", "run_failed:4"]
    told_by = [row["told_by"] for row in ledger.execute("SELECT told_by FROM alerts ORDER BY id")]
    assert told_by == ["orderworks", "nobody", "nobody", "orderworks"]


def test_what_is_less_severe_than_asked_for_is_only_listed(
    ledger: Ledger, ledger_url: str, receiver: Receiver
) -> None:
    raise_alerts(ledger, ACCOUNT, [breach("a"), breach("b", "limit_breach")])
    tell(ledger_url, receiver, alerting(minimum_severity="critical"))
    assert receiver.causes() == ["limit_breach:b"]


def test_without_a_channel_it_is_left_to_the_server(ledger: Ledger, ledger_url: str) -> None:
    raise_alerts(ledger, ACCOUNT, [breach("a")])
    assert tell(ledger_url, None) == 0
    row = ledger.execute("SELECT told_by FROM alerts").fetchone()
    assert row == {"told_by": "automation"}
    assert undelivered(ledger, ACCOUNT) == {"prefect": (1, None)}
    assert not has_work(ledger, ACCOUNT, ["webhook"])
    assert has_work(ledger, ACCOUNT, ["prefect"])


def test_two_processes_tell_it_once(ledger: Ledger, ledger_url: str, receiver: Receiver) -> None:
    receiver.delay = 0.1
    raise_alerts(ledger, ACCOUNT, [breach(str(number)) for number in range(5)])
    threads = [threading.Thread(target=tell, args=(ledger_url, receiver)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert receiver.causes() == [f"slippage_breach:{number}" for number in range(5)]


def test_a_receiver_that_hangs_costs_a_second_and_then_nothing(
    ledger: Ledger, ledger_url: str, receiver: Receiver
) -> None:
    receiver.delay = 30
    raise_alerts(ledger, ACCOUNT, [breach(str(number)) for number in range(50)])
    begun = time.monotonic()
    tell(ledger_url, receiver, seconds=1)
    assert time.monotonic() - begun < 2.5
    begun = time.monotonic()
    tell(ledger_url, receiver, seconds=1)
    assert time.monotonic() - begun < 0.5
    assert undelivered(ledger, ACCOUNT)["webhook"] == (50, "no answer in time")


def test_many_are_one_message_to_slack_and_one_mail(
    ledger: Ledger, ledger_url: str, receiver: Receiver
) -> None:
    with MailReceiver() as mailbox:
        server = {"host": "127.0.0.1", "port": mailbox.port, "security": "none"}
        settings = alerting(email={**server, "sender": "desk@here", "to": ["me@here"]})
        raise_alerts(ledger, ACCOUNT, [breach("a<b"), breach("c", "limit_breach")])
        channels = channels_of(settings, {"ORDERWORKS_SLACK_WEBHOOK_URL": receiver.url})
        assert deliver(ledger_url, ACCOUNT, settings, channels, 5) == 4
        mailbox.shutdown()
    (message,) = receiver.taken
    assert "*[warning] SIM1: slippage breach*\na&lt;b cost 19.9 bps" in message["text"]
    assert "*[critical] SIM1: limit breach*" in message["text"]
    (mail,) = mailbox.mails
    assert "Subject: [warning] SIM1: slippage breach and 1 more" in mail
    assert "Order c" in mail


def test_a_ledger_that_is_away_is_no_failure_of_the_run() -> None:
    away = "postgresql://nobody:hunter2-secret@127.0.0.1:1/none"
    assert deliver(away, ACCOUNT, alerting(), [], timedelta(seconds=1).total_seconds()) == 0
