"""What is sound, what can wait, and what cannot."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from orderworks.health.books import Books, LastRun, Standing
from orderworks.health.judging import judge
from orderworks.model.finding import Level
from orderworks.settings import load_settings

NOW = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
CLOSED = date(2026, 11, 20)
EARLIER = date(2026, 11, 19)
LIMITS = load_settings().health
WELL = Standing(
    account="DU1",
    mode="paper",
    provider="ibkr",
    killed=False,
    kill_reason=None,
    lease_holder=None,
    lease_expires_at=None,
    open_orders=2,
    at_broker=2,
    unknown=0,
    held=0,
    open_breaks=0,
    alerts=3,
    untold_alerts=0,
    untold_since=None,
)


def run(kind: str, state: str = "DONE", session: date = CLOSED, hours: float = 2) -> LastRun:
    return LastRun(
        account="DU1",
        kind=kind,
        run_key=f"{kind}:{session}",
        session=session,
        state=state,
        message="the broker went away" if state == "FAILED" else None,
        created_at=NOW - timedelta(hours=hours),
        finished_at=None,
    )


DAY = (run("daily"), run("end-of-day", hours=1))


def found(*runs: LastRun, limits: Any = LIMITS, **others: Any) -> list[tuple[Level, str]]:
    books = Books(NOW, "0008", [replace(WELL, **others)], runs or DAY)
    return [(each.level, each.subject) for each in judge(books, limits, CLOSED)]


def test_an_account_in_order_is_told_in_a_sentence() -> None:
    books = Books(NOW, "0008", [WELL], DAY)
    (only,) = judge(books, LIMITS, CLOSED)
    assert (only.level, only.subject, only.account) == (Level.OK, "account", "DU1")
    assert only.sentence == (
        "nobody works it, 2 orders are open, its last run is 'end-of-day:2026-11-20', done"
    )


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({"killed": True, "kill_reason": "the feed is wrong"}, [(Level.FAILS, "kill_switch")]),
        ({"open_breaks": 1}, [(Level.FAILS, "breaks")]),
        ({"held": 1, "unknown": 1}, [(Level.FAILS, "orders")]),
        ({"unknown": 1}, [(Level.FAILS, "orders")]),
        ({"unknown": 1, "lease_holder": "process 1"}, [(Level.WARNING, "orders")]),
        (
            {"untold_alerts": 1, "untold_since": NOW - timedelta(seconds=900)},
            [(Level.WARNING, "alerts")],
        ),
        (
            {"untold_alerts": 1, "untold_since": NOW - timedelta(seconds=901)},
            [(Level.FAILS, "alerts")],
        ),
    ],
)
def test_what_an_account_stands_at(
    others: dict[str, Any], expected: list[tuple[Level, str]]
) -> None:
    assert found(**others) == expected


def test_breaks_up_to_the_limit_are_a_warning() -> None:
    limits = LIMITS.model_copy(update={"max_open_breaks": 2})
    assert found(open_breaks=2, limits=limits) == [(Level.WARNING, "breaks")]
    assert found(open_breaks=3, limits=limits) == [(Level.FAILS, "breaks")]


def test_a_failed_run_stands_until_the_next_of_its_kind() -> None:
    assert found(*DAY, run("reconcile", "FAILED")) == [(Level.FAILS, "failed_runs")]
    assert found(*DAY, run("reconcile")) == [(Level.OK, "account")]


def test_a_run_that_nobody_works_is_told_of_after_its_time() -> None:
    begun = run("intraday", "PLANNED", hours=0.24)
    assert found(*DAY, begun) == [(Level.OK, "account")]
    left = replace(begun, created_at=NOW - timedelta(hours=0.26))
    assert found(*DAY, left) == [(Level.FAILS, "unattended_runs")]
    assert found(*DAY, left, lease_holder="process 1") == [(Level.OK, "account")]


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_a_session_without_its_run_is_told_of(mode: str) -> None:
    late = run("daily", session=EARLIER, hours=26)
    assert found(late, run("end-of-day"), mode=mode) == [(Level.FAILS, "sessions")]
    assert found(run("daily"), mode=mode) == [(Level.FAILS, "sessions")]


def test_a_simulated_account_replays_any_session() -> None:
    assert found(run("daily", session=EARLIER), mode="simulated") == [(Level.OK, "account")]
    assert found(run("daily", session=EARLIER), mode=None) == [(Level.OK, "account")]
