"""Runs, their frozen plans, and the schema that holds them."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from plan_columns import DECISION_COLUMNS, SIGNAL_COLUMNS, by_column
from psycopg import errors
from working_orders import ACCOUNT, RUN_KEY, SESSION, at, count, family, plan_of

from orderworks.handoffs.content import json_able
from orderworks.ledger.accounts import open_account
from orderworks.ledger.bulk import Columns
from orderworks.ledger.connection import Ledger, head, open_ledger, upgrade
from orderworks.ledger.runs import (
    Plan,
    Run,
    find_run,
    finish_run,
    freeze_plan,
    quarantine,
    require_same_inputs,
    start_run,
    unfinished_runs,
)
from orderworks.model.errors import LedgerUnavailable, PlanConflict


@pytest.fixture
def run(ledger: Ledger) -> Run:
    """A run that has just been started."""
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    return start_run(ledger, ACCOUNT, RUN_KEY, "daily", SESSION, {"market": "there"})


def full_plan(inputs_hash: str = "ab" * 32) -> Plan:
    """A plan with a row of everything."""
    half, price = Decimal("0.5"), Decimal("100")
    return replace(
        plan_of(family("p", 60, 40), inputs_hash),
        signals=by_column(
            SIGNAL_COLUMNS, [(1, "momentum", "AAPL", "long", half, price, at(-600), "{}")]
        ),
        decisions=by_column(
            DECISION_COLUMNS, [("momentum", "AAPL", True, "ACCEPTED", "it passed every rule", "{}")]
        ),
    )


def frozen(ledger: Ledger) -> dict[str, int]:
    return {table: count(ledger, table) for table in ("signals", "risk_decisions", "orders")}


# Runs and plans --------------------------------------------------------------------------------


def test_a_name_stands_for_one_run(ledger: Ledger, run: Run) -> None:
    assert start_run(ledger, ACCOUNT, RUN_KEY, "daily", SESSION, {"market": "elsewhere"}) == run
    assert find_run(ledger, ACCOUNT, RUN_KEY) == run
    assert find_run(ledger, "SIM-2", RUN_KEY) is None
    assert (run.state, run.is_planned) == ("STARTED", False)
    for kind, session in (("intraday", SESSION), ("daily", SESSION + timedelta(days=1))):
        with pytest.raises(PlanConflict, match=rf"'{RUN_KEY}' is the daily run of {SESSION}"):
            start_run(ledger, ACCOUNT, RUN_KEY, kind, session, {})
    assert count(ledger, "runs") == 1


def test_a_plan_is_frozen_once(ledger: Ledger, run: Run) -> None:
    freeze_plan(ledger, run, full_plan())
    found = find_run(ledger, ACCOUNT, RUN_KEY)
    assert found == replace(
        run, state="PLANNED", inputs_hash="ab" * 32, starts_at=at(0), ends_at=at(300)
    )
    assert frozen(ledger) == {"signals": 1, "risk_decisions": 1, "orders": 3}
    for again in (full_plan(), full_plan("cd" * 32)):
        with pytest.raises(PlanConflict, match="planned by another process meanwhile"):
            freeze_plan(ledger, run, again)
    assert find_run(ledger, ACCOUNT, RUN_KEY) == found
    assert frozen(ledger) == {"signals": 1, "risk_decisions": 1, "orders": 3}


def test_of_two_that_freeze_at_once_one_does(ledger: Ledger, ledger_url: str, run: Run) -> None:
    together = Barrier(2)

    def freeze(inputs_hash: str) -> str | None:
        with open_ledger(ledger_url) as own:
            together.wait(10)
            try:
                freeze_plan(own, run, full_plan(inputs_hash))
            except PlanConflict:
                return None
            return inputs_hash

    with ThreadPoolExecutor(2) as threads:
        (winner,) = {inputs for inputs in threads.map(freeze, ["ab" * 32, "cd" * 32]) if inputs}
    found = find_run(ledger, ACCOUNT, RUN_KEY)
    assert found is not None
    assert found.inputs_hash == winner
    assert frozen(ledger) == {"signals": 1, "risk_decisions": 1, "orders": 3}


class Interrupted(Exception):
    """What the process died of."""


class BrokenOff(list[Any]):
    """A column that ends in the middle."""

    def __iter__(self) -> Iterator[Any]:
        yield from list.__iter__(self)
        raise Interrupted

    def __getitem__(self, rows: Any) -> Any:
        found = super().__getitem__(rows)
        return BrokenOff(found) if isinstance(rows, slice) else found


def broken_off(columns: Columns) -> Columns:
    last = list(columns)[-1]
    return {**columns, last: BrokenOff(columns[last])}


def test_a_failure_in_the_middle_leaves_nothing(ledger: Ledger, run: Run) -> None:
    plan = full_plan()
    twice = {name: [*column, column[-1]] for name, column in plan.orders.items()}
    orphan = plan_of(family("p", 60, 40)[1:]).orders
    for broken, error in (
        (replace(plan, orders=broken_off(plan.orders)), Interrupted),
        (replace(plan, decisions=broken_off(plan.decisions)), Interrupted),
        (replace(plan, orders=twice), errors.UniqueViolation),
        (replace(plan, orders=orphan), errors.ForeignKeyViolation),
    ):
        with pytest.raises(error):
            freeze_plan(ledger, run, broken)
        assert find_run(ledger, ACCOUNT, RUN_KEY) == run
        assert frozen(ledger) == {"signals": 0, "risk_decisions": 0, "orders": 0}
    freeze_plan(ledger, run, plan)
    assert frozen(ledger)["orders"] == 3


def test_a_planned_run_goes_on_with_its_own_inputs(ledger: Ledger, run: Run) -> None:
    freeze_plan(ledger, run, full_plan())
    planned = start_run(ledger, ACCOUNT, RUN_KEY, "daily", SESSION, {})
    require_same_inputs(planned, "ab" * 32)
    with pytest.raises(PlanConflict, match=rf"'{RUN_KEY}'.*abababababab, now cdcdcdcdcdcd"):
        require_same_inputs(planned, "cd" * 32)


def test_refused_rows_are_kept(ledger: Ledger, run: Run) -> None:
    content = {"price": json_able(float("nan")), "symbol": json_able("A\0A"), "at": at(0)}
    quarantine(
        ledger, run, [("signals", 7, "strength is in [0, 1]", content), ("sized", "x", "rule", {})]
    )
    kept = ledger.execute("SELECT handoff, row, rule, content FROM quarantined_rows ORDER BY id")
    assert [tuple(found.values()) for found in kept] == [
        (
            "signals",
            "7",
            "strength is in [0, 1]",
            {"price": None, "symbol": "A\\0A", "at": "2025-11-20 14:35:00+00:00"},
        ),
        ("sized", "x", "rule", {}),
    ]


def test_how_a_run_ended(ledger: Ledger, run: Run) -> None:
    def standing() -> tuple[str, str | None]:
        found = find_run(ledger, ACCOUNT, RUN_KEY)
        assert found is not None
        return found.state, found.message

    finish_run(ledger, run, "FAILED", "the broker went away")
    assert standing() == ("FAILED", "the broker went away")
    assert unfinished_runs(ledger, ACCOUNT) == []
    freeze_plan(ledger, run, full_plan())
    finish_run(ledger, run, "FAILED", "the broker went away again")
    (left,) = unfinished_runs(ledger, ACCOUNT)
    assert (left.kind, left.run_key, left.session, left.market) == (
        "daily",
        RUN_KEY,
        SESSION,
        "there",
    )
    finish_run(ledger, run, "DONE", "1 of 1 orders filled")
    finish_run(ledger, run, "FAILED", "a retry had nothing to do and failed")
    assert standing() == ("DONE", "1 of 1 orders filled")
    assert unfinished_runs(ledger, ACCOUNT) == []
    with pytest.raises(errors.CheckViolation):
        ledger.execute("UPDATE runs SET state = 'OVER'")


# The schema ------------------------------------------------------------------------------------


@pytest.fixture
def empty_url(embedded_url: str) -> Iterator[str]:
    """The address of a database with nothing in it."""
    with psycopg.connect(embedded_url, autocommit=True) as server:
        server.execute("CREATE DATABASE nothing_yet")
        yield urlsplit(embedded_url)._replace(path="/nothing_yet").geturl()
        server.execute("DROP DATABASE nothing_yet WITH (FORCE)")


def test_an_empty_database_is_brought_up_to_date(empty_url: str) -> None:
    with open_ledger(empty_url) as ledger:
        assert count(ledger, "alembic_version") == 1
        open_account(ledger, ACCOUNT, "simulated", "simulated")
    assert upgrade(empty_url) == head()
    with open_ledger(empty_url) as ledger:
        assert count(ledger, "alembic_version") == count(ledger, "accounts") == 1


def test_two_processes_may_do_it_at_once(empty_url: str) -> None:
    program = (
        "import sys; from orderworks.ledger.connection import open_ledger\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "with open_ledger(sys.argv[1]) as ledger:\n"
        "    print(ledger.execute('SELECT version_num AS v FROM alembic_version').fetchone()['v'])"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    assert [one.communicate(timeout=60)[0] for one in both] == [f"{head()}\n"] * 2


def test_a_newer_schema_is_refused(ledger: Ledger, ledger_url: str) -> None:
    ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    sentence = rf"schema 9999, newer than .* {head()}; install"
    with pytest.raises(LedgerUnavailable, match=sentence) as refused:
        open_ledger(ledger_url)
    # Held by the error's traceback, a connection that was not closed would still be there.
    assert refused.tb is not None
    give_up = monotonic() + 5
    while others_connected(ledger):
        assert monotonic() < give_up
        sleep(0.01)


def others_connected(ledger: Ledger) -> int:
    found = ledger.execute(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()"
    ).fetchone()
    assert found is not None
    return int(found["n"])


def test_a_database_that_does_not_answer(embedded_url: str) -> None:
    for away in (
        "postgresql://nobody@127.0.0.1:1/nothing",
        urlsplit(embedded_url)._replace(path="/never_made").geturl(),
        "nonsense",
    ):
        with pytest.raises(LedgerUnavailable, match=r"does not answer: .*ORDERWORKS_DATABASE_URL"):
            open_ledger(away)
