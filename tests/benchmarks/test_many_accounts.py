"""Fifty accounts at once through one worker and through four, on one machine.

Every account has deployments, limits and a queue of its own, and its daily run of a few orders is asked for
at the same moment. The exchange's own record judges what was sent.
"""

import os
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psycopg
import pytest
from operating_house import (
    ORDERWORKS,
    READY,
    Server,
    environment,
    free_port,
    running_up,
    wait_until,
)
from synthetic_day import SESSION, signal, variables, write_market, write_table

ACCOUNTS = [f"SIM{number}" for number in range(1, int(os.environ.get("MANY_ACCOUNTS", "50")) + 1)]
AT_ONCE = int(os.environ.get("MANY_ACCOUNTS_AT_ONCE", "4"))
"""Runs of each worker at once."""

PATIENCE_SECONDS = 900
TERMINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class House(NamedTuple):
    """What is in force, where the server's API is, and the worker's log."""

    in_force: dict[str, str]
    server: Server
    url: str
    log: Path


class Most:
    """The most connections that the databases had at once, looked at twice a second."""

    def __init__(self, url: str) -> None:
        self.connections: Counter[str] = Counter()
        self.load = 0.0
        self._url, self._ended = url, threading.Event()
        self._looker = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Most":
        self._looker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._looker.join()

    def _look(self) -> None:
        asked = (
            "SELECT CASE WHEN datname LIKE '%%\\_prefect' THEN 'prefect' ELSE 'ledger' END, count(*) "
            "FROM pg_stat_activity WHERE datname LIKE current_database() || '%%' "
            "AND pid <> pg_backend_pid() GROUP BY 1"
        )
        with psycopg.connect(self._url, autocommit=True) as server:
            while not self._ended.wait(0.5):
                for name, count in server.execute(asked):
                    self.connections[name] = max(self.connections[name], count)
                self.load = max(self.load, os.getloadavg()[0])


@contextmanager
def house(url: str, home: Path, directory: Path, workers: int) -> Iterator[House]:
    """A server with the deployments of all accounts, and so many workers."""
    in_force = variables(url, home)
    port = free_port()
    at_once = ("--at-once", str(AT_ONCE))
    with ExitStack() as stack:
        first = stack.enter_context(
            running_up(in_force, "--port", str(port), *at_once, directory=directory)
        )
        first.wait_until_it_says(READY)
        asked = [word for account in ACCOUNTS for word in ("--account", account)]
        subprocess.run(
            [str(ORDERWORKS), "deploy", *asked],
            env=environment(in_force),
            cwd=directory,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(workers - 1):
            more = running_up(in_force, "--another-worker", *at_once, directory=directory)
            stack.enter_context(more).wait_until_it_says(READY)
        ready = home / "logs" / "runs.log"
        wait_until(lambda: ready.read_text().count("ready: ") >= workers, ready.read_text)
        server = Server(f"http://127.0.0.1:{port}/api")
        yield House(in_force, server, url, home / "logs" / "worker.log")


@pytest.mark.benchmark(group="many accounts")
@pytest.mark.parametrize("workers", [1, 4])
def test_fifty_accounts_at_once(
    benchmark: Any,
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path: Path,
    workers: int,
) -> None:
    market = str(write_market(tmp_path / "market", SESSION))
    signals = write_table(
        tmp_path / "signals.csv",
        signal("ACME"),
        signal("RUSH", strength=0.95),
        signal("SLIM", quantity=1000),
    )
    asked = {"signals": signals, "market": market, "session": str(SESSION)}
    with (
        fresh_database() as url,
        house(url, tmp_path / "home", tmp_path, workers) as ready,
        Most(url) as most,
    ):
        deployments = ready.server.deployments("daily-")
        runs: list[Any] = []

        def trade() -> None:
            made = [
                ready.server.post(
                    f"/deployments/{deployments[f'daily-{account}']['id']}/create_flow_run",
                    parameters=asked,
                    state={"type": "SCHEDULED"},
                )["id"]
                for account in ACCOUNTS
            ]
            runs.extend(ended(ready.server, made))

        benchmark.pedantic(trade, rounds=1)
        states = Counter(run["state"]["name"] for run in runs)
        assert states == {"Completed": len(ACCOUNTS)}, Counter(
            run["state"]["message"] for run in runs
        )
        judge(url)
        tell(benchmark, ready, runs, most, workers)


def ended(server: Server, made: list[str]) -> list[Any]:
    """The runs, once all have ended."""

    def look() -> list[Any]:
        found: list[Any] = server.post("/flow_runs/filter", flow_runs={"id": {"any_": made}})
        return found

    wait_until(
        lambda: all(run["state"]["type"] in TERMINAL for run in look()),
        lambda: str(Counter(run["state"]["name"] for run in look())),
        PATIENCE_SECONDS,
    )
    return look()


def judge(url: str) -> None:
    """Each account alone in its lease, and at the exchange each order of its plan once, and no other."""
    with psycopg.connect(url) as ledger:
        received = ledger.execute(
            "SELECT account, client_order_id FROM exchange.orders ORDER BY account"
        ).fetchall()
        sent = ledger.execute(
            "SELECT account, client_order_id FROM ledger.orders "
            "WHERE reaches_broker AND attempts > 0 ORDER BY account"
        ).fetchall()
        tokens = ledger.execute(
            "SELECT o.account, count(DISTINCT a.token), max(a.attempt) FROM ledger.send_attempts a "
            "JOIN ledger.orders o USING (client_order_id) GROUP BY o.account"
        ).fetchall()
        takings = dict(ledger.execute("SELECT account, token FROM ledger.leases").fetchall())
    assert len(received) == len(set(received)), "an order reached the exchange twice"
    assert set(received) == set(sent)
    orders = {account: len(list(of)) for account, of in groupby(received, key=lambda row: row[0])}
    assert set(orders) == set(ACCOUNTS)
    assert len(set(orders.values())) == 1, orders
    # One process took each account, once, and sent all of its orders, each at the first attempt.
    assert {row[1:] for row in tokens} == {(1, 1)}, tokens
    assert takings == dict.fromkeys(ACCOUNTS, 1)


def tell(benchmark: Any, ready: House, runs: list[Any], most: Most, workers: int) -> None:
    def at(run: Any, moment: str) -> datetime:
        return datetime.fromisoformat(run[moment].replace("Z", "+00:00"))

    begun = min(at(run, "expected_start_time") for run in runs)
    seconds = sorted((at(run, "end_time") - at(run, "start_time")).total_seconds() for run in runs)
    waited = sorted((at(run, "start_time") - begun).total_seconds() for run in runs)
    whole = (max(at(run, "end_time") for run in runs) - begun).total_seconds()
    edges = sorted(
        [(at(run, "start_time"), 1) for run in runs] + [(at(run, "end_time"), -1) for run in runs]
    )
    together = highest = 0
    for _, step in edges:
        together += step
        highest = max(highest, together)
    by_worker = Counter(re.findall(r"Worker '([^']+)' submitting flow run", ready.log.read_text()))
    with psycopg.connect(ready.url) as ledger:
        row = ledger.execute("SELECT count(*) FROM exchange.orders").fetchone()
    assert row is not None
    told = {
        "workers": workers,
        "runs of each at once": AT_ONCE,
        "orders at the exchange": row[0],
        "seconds for all": round(whole, 1),
        "runs together, at most": highest,
        "seconds a run": f"median {median(seconds):.1f}, most {seconds[-1]:.1f}",
        "seconds waited": f"median {median(waited):.1f}, most {waited[-1]:.1f}",
        "runs by worker": sorted(by_worker.values()),
        "connections, at most": dict(most.connections),
        "load, at most": round(most.load, 1),
    }
    benchmark.extra_info.update(told)
    print(f"\n{told}")
