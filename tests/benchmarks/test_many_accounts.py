"""Fifty accounts at once through one worker and through four, on one machine.

Every account has deployments, limits and a queue of its own, and its daily run of a few orders is asked for
at the same moment. The exchange's own record judges what was sent.
"""

import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from itertools import accumulate
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

LIMITED = ("--at-once", str(AT_ONCE))

MORNING = [signal("ACME"), signal("RUSH", strength=0.95), signal("SLIM", quantity=1000)]
AFTERNOON = [
    signal("THIN", quantity=1000),
    signal("WIDE", quantity=2500),
    signal("ACME", strategy="reversion", quantity=100),
]
"""Three orders an account each; what was bought in the first is no part of the second."""

PATIENCE_SECONDS = 900
SUBMITTED = "prefect.worker.submitted-flow-run"
TERMINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


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


class House(NamedTuple):
    """A Prefect server with the deployments of all accounts; workers are added to it."""

    in_force: dict[str, str]
    directory: Path
    server: Server
    url: str
    market: str
    stack: ExitStack

    def have_workers(self, number: int) -> None:
        """Starts workers until there are so many, each with its preloaded process ready."""
        ready = Path(self.in_force["ORDERWORKS_HOME"]) / "logs" / "runs.log"
        for _ in range(number - ready.read_text().count("ready: ")):
            more = running_up(self.in_force, "--another-worker", *LIMITED, directory=self.directory)
            self.stack.enter_context(more).wait_until_it_says(READY)
        wait_until(lambda: ready.read_text().count("ready: ") == number, ready.read_text)


@pytest.fixture(scope="module")
def house(
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    directory = tmp_path_factory.mktemp("work")
    market = str(write_market(directory / "market", SESSION))
    port = free_port()
    with fresh_database() as url, ExitStack() as stack:
        in_force = variables(url, directory / "home")
        first = running_up(in_force, "--port", str(port), *LIMITED, directory=directory)
        stack.enter_context(first).wait_until_it_says(READY)
        begun = time.monotonic()
        asked = [word for account in ACCOUNTS for word in ("--account", account)]
        subprocess.run(
            [str(ORDERWORKS), "deploy", *asked],
            env=environment(in_force),
            cwd=directory,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        print(f"\ndeployments of {len(ACCOUNTS)} accounts: {time.monotonic() - begun:.0f} s")
        server = Server(f"http://127.0.0.1:{port}/api")
        yield House(in_force, directory, server, url, market, stack)


@pytest.mark.benchmark(group="many accounts")
@pytest.mark.parametrize(("workers", "signals"), [(1, MORNING), (4, AFTERNOON)])
def test_fifty_accounts_at_once(
    benchmark: Any, house: House, workers: int, signals: list[dict[str, object]]
) -> None:
    house.have_workers(workers)
    asked = {
        "signals": write_table(house.directory / f"signals-{workers}.csv", *signals),
        "market": house.market,
        "session": str(SESSION),
        "run_key": f"through {workers}",
    }
    deployments = house.server.deployments("daily-")
    runs: list[Any] = []

    def trade() -> None:
        made = [
            house.server.post(
                f"/deployments/{deployments[f'daily-{account}']['id']}/create_flow_run",
                parameters=asked,
                state={"type": "SCHEDULED"},
            )["id"]
            for account in ACCOUNTS
        ]
        runs.extend(ended(house.server, made))

    with Most(house.url) as most:
        benchmark.pedantic(trade, rounds=1)
    states = Counter(run["state"]["name"] for run in runs)
    assert states == {"Completed": len(ACCOUNTS)}, Counter(run["state"]["message"] for run in runs)
    orders = judge(house.url, asked["run_key"])
    tell(benchmark, house, runs, most, orders)


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


def judge(url: str, run_key: str) -> int:
    """Each account alone in its lease, and at the exchange each order that was sent once, and no other.

    Returns:
        How many orders the runs of this key have at the exchange.
    """
    with psycopg.connect(url) as ledger:
        received = ledger.execute("SELECT account, client_order_id FROM exchange.orders").fetchall()
        sent = ledger.execute(
            "SELECT account, client_order_id, run_key = %s FROM ledger.orders o "
            "JOIN ledger.runs USING (run_id, account) WHERE o.attempts > 0",
            (run_key,),
        ).fetchall()
        attempts = ledger.execute(
            "SELECT r.account, run_key, count(DISTINCT token), max(attempt), min(token) "
            "FROM ledger.send_attempts JOIN ledger.orders o USING (client_order_id) "
            "JOIN ledger.runs r USING (run_id) GROUP BY r.account, run_key"
        ).fetchall()
    assert len(received) == len(set(received)), "an order reached the exchange twice"
    assert set(received) == {row[:2] for row in sent}
    orders = Counter(account for account, _, of_ours in sent if of_ours)
    assert set(orders) == set(ACCOUNTS)
    # The market and the signals are the same for all, and so is what they send.
    assert len(set(orders.values())) == 1, orders
    # One taking of the lease sent all orders of a run, each at the first attempt, and of no other run.
    assert {row[2:4] for row in attempts} == {(1, 1)}, attempts
    assert len({(row[0], row[4]) for row in attempts}) == len(attempts)
    return sum(orders.values())


def tell(benchmark: Any, house: House, runs: list[Any], most: Most, orders: int) -> None:
    """Prints what was measured, and keeps it with the benchmark."""
    begun = min(moment(run, "expected_start_time") for run in runs)
    spans = [(moment(run, "start_time"), moment(run, "end_time")) for run in runs]
    seconds = sorted((end - start).total_seconds() for start, end in spans)
    waited = sorted((start - begun).total_seconds() for start, _ in spans)
    edges = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    told = {
        "runs of each worker at once": AT_ONCE,
        "orders at the exchange": orders,
        "seconds for all": round((max(end for _, end in spans) - begun).total_seconds(), 1),
        "runs together, at most": max(accumulate(step for _, step in edges)),
        "seconds a run": f"median {median(seconds):.1f}, most {seconds[-1]:.1f}",
        "seconds waited": f"median {median(waited):.1f}, most {waited[-1]:.1f}",
        "runs by worker": by_worker(house.server, {run["id"] for run in runs}),
        "connections, at most": dict(most.connections),
        "load, at most": round(most.load, 1),
    }
    benchmark.extra_info.update(told)
    print(f"\n{told}")


def moment(run: Any, name: str) -> datetime:
    return datetime.fromisoformat(run[name])


def by_worker(server: Server, runs: set[str]) -> list[int]:
    """How many of the runs each worker was given."""
    found: Counter[str] = Counter()
    page = server.post(
        "/events/filter", filter={"event": {"name": [SUBMITTED]}, "order": "DESC"}, limit=50
    )
    while True:
        for event in page["events"]:
            related = {each["prefect.resource.id"] for each in event["related"]}
            if related & {f"prefect.flow-run.{run}" for run in runs}:
                found[event["resource"]["prefect.resource.id"]] += 1
        if not page.get("next_page"):
            return sorted(found.values())
        page = server.get(page["next_page"])
