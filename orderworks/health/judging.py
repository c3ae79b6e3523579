"""Judges what the ledger says: pure, one question a function.

A finding that fails makes an installation unsound: somebody is to look now. A warning can wait.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from orderworks.health.books import Books, LastRun, Standing
from orderworks.model.counted import counted
from orderworks.model.finding import Level
from orderworks.settings import Health

UNFINISHED = frozenset({"STARTED", "PLANNED"})


@dataclass(frozen=True, slots=True)
class Judged:
    """The answer to one question; ``subject`` is a stable name, ``account`` None for the whole."""

    level: Level
    subject: str
    account: str | None
    sentence: str


Answer = tuple[Level, str]
Question = Callable[[Standing, Sequence[LastRun], datetime, Health], Iterator[Answer]]


def judge(books: Books, limits: Health, closed: date) -> list[Judged]:
    """What is to be said of each account; of one that is in order, who works it and what is open.

    Args:
        closed: the session that should have been worked by now.
    """
    found: list[Judged] = []
    for standing in books.accounts:
        runs = [run for run in books.last_runs if run.account == standing.account]
        bad = [
            Judged(level, subject, standing.account, sentence)
            for subject, ask in QUESTIONS.items()
            for level, sentence in ask(standing, runs, books.at, limits)
        ]
        bad += [
            Judged(Level.FAILS, "sessions", standing.account, sentence)
            for sentence in _missed(standing, runs, limits, closed)
        ]
        found += bad or [Judged(Level.OK, "account", standing.account, _in_order(standing, runs))]
    return found


def _kill_switch(standing: Standing, *_: object) -> Iterator[Answer]:
    if standing.killed:
        yield Level.FAILS, f"the kill switch is thrown: {standing.kill_reason}; nothing is sent"


def _breaks(
    standing: Standing, _: Sequence[LastRun], __: datetime, limits: Health
) -> Iterator[Answer]:
    if standing.open_breaks:
        level = Level.FAILS if standing.open_breaks > limits.max_open_breaks else Level.WARNING
        yield (
            level,
            f"books and broker differ in {standing.open_breaks}; 'orderworks breaks' lists it",
        )


def _doubt(standing: Standing, *_: object) -> Iterator[Answer]:
    if standing.held:
        yield (
            Level.FAILS,
            f"{counted(standing.held, 'order waits', 'orders wait')} for your decision; "
            "'orderworks orders --held' says why",
        )
    if standing.unknown > standing.held:
        level = Level.FAILS if standing.lease_holder is None else Level.WARNING
        who = standing.lease_holder or "nobody"
        of = counted(standing.unknown, "order")
        yield level, f"the fate of {of} is not known, and {who} settles it"


def _alerts(
    standing: Standing, _: Sequence[LastRun], at: datetime, limits: Health
) -> Iterator[Answer]:
    if standing.untold_since is not None:
        lag = (at - standing.untold_since).total_seconds()
        level = Level.FAILS if lag > limits.alert_lag_seconds else Level.WARNING
        yield (
            level,
            f"nobody was told of {counted(standing.untold_alerts, 'alert')}, the oldest for {_span(lag)}; "
            "'orderworks alerts' lists them",
        )


def _failed_runs(_: Standing, runs: Sequence[LastRun], *__: object) -> Iterator[Answer]:
    for run in runs:
        if run.state == "FAILED":
            yield Level.FAILS, f"the last {run.kind} run, '{run.run_key}', failed: {run.message}"


def _unattended_runs(
    standing: Standing, runs: Sequence[LastRun], at: datetime, limits: Health
) -> Iterator[Answer]:
    if standing.lease_holder is not None:
        return
    for run in runs:
        age = (at - run.created_at).total_seconds()
        if run.state in UNFINISHED and age > limits.unattended_seconds:
            yield (
                Level.FAILS,
                f"run '{run.run_key}' was begun {_span(age)} ago, is not done, and nobody works it; "
                "'orderworks run recover' goes on with it",
            )


def _missed(
    standing: Standing, runs: Sequence[LastRun], limits: Health, closed: date
) -> Iterator[str]:
    """The kinds that the session had no run of; a simulated account replays any session."""
    if standing.mode not in {"paper", "live"}:
        return
    latest = {run.kind: run.session for run in runs}
    for kind in limits.every_session:
        if kind not in latest:
            yield f"no {kind} run was ever made; schedule it, or correct health.every_session"
        elif latest[kind] < closed:
            yield f"the session of {closed} had no {kind} run; the last one was of {latest[kind]}"


QUESTIONS: dict[str, Question] = {
    "kill_switch": _kill_switch,
    "breaks": _breaks,
    "orders": _doubt,
    "alerts": _alerts,
    "failed_runs": _failed_runs,
    "unattended_runs": _unattended_runs,
}
"""Each by the name under which monitors know it; none of them answers where all is well."""


def _in_order(standing: Standing, runs: Sequence[LastRun]) -> str:
    who = f"{standing.lease_holder} works it" if standing.lease_holder else "nobody works it"
    last = max(runs, key=lambda run: run.created_at, default=None)
    told = f"its last run is '{last.run_key}', {last.state.lower()}" if last else "it has no run"
    return f"{who}, {counted(standing.open_orders, 'order is', 'orders are')} open, {told}"


def _span(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
