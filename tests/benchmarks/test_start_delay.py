"""From the time in a schedule, and from a click, to the first order: with a forked run and with a plain one.

Each round is another rebalance, of one symbol, on an account of its own server, worker and ledger. The first
order's time is that of its committed send attempt, as the database's clock has it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import psycopg
import pytest
from operating_house import READY, Server, free_port, running_up, wait_until
from synthetic_day import SESSION, variables, write_market

ROUNDS = 3
AHEAD_SECONDS = 20
"""How long before its time a run is made: more than its process needs to start."""

PLAIN = {"command": "python -m prefect.engine"}
FORKED: dict[str, str] = {}

GOALS = {"forked": 2.0, "plain": 10.0}


@pytest.fixture(scope="module")
def house(
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Server, str, str]]:
    """A server, the address of its ledger, and a market."""
    market = str(write_market(tmp_path_factory.mktemp("market"), SESSION))
    port = free_port()
    home = tmp_path_factory.mktemp("home")
    with (
        fresh_database() as url,
        running_up(variables(url, home), "--port", str(port)) as up,
    ):
        up.wait_until_it_says(READY)
        wait_until(lambda: "ready" in (home / "logs" / "runs.log").read_text())
        yield Server(f"http://127.0.0.1:{port}/api"), url, market


@pytest.mark.benchmark(group="start")
@pytest.mark.parametrize(("kind", "job"), [("forked", FORKED), ("plain", PLAIN)])
@pytest.mark.parametrize("asked", ["scheduled", "now"])
def test_to_the_first_order(
    benchmark: Any, house: tuple[Server, str, str], kind: str, job: dict[str, str], asked: str
) -> None:
    server, url, market = house
    seconds: list[float] = []

    def once() -> None:
        weight = (len(seconds) + 1) / 1000 + len(kind) / 100
        seconds.append(_seconds(server, url, market, job, asked, weight))

    benchmark.pedantic(once, rounds=ROUNDS)
    told = f"least {min(seconds):.2f} s, median {median(seconds):.2f} s, most {max(seconds):.2f} s"
    benchmark.extra_info["to the first order"] = told
    print(f"{asked}, {kind}: {told}")
    if asked == "scheduled":
        assert median(seconds) < GOALS[kind], seconds


def _seconds(
    server: Server, url: str, market: str, job: dict[str, str], asked: str, weight: float
) -> float:
    key = f"{asked}-{job.get('command', 'forked')[:6]}-{weight}"
    due = datetime.now(UTC) + timedelta(seconds=AHEAD_SECONDS if asked == "scheduled" else 0)
    deployment = server.deployments()["rebalance-SIM1"]
    made = server.post(
        f"/deployments/{deployment['id']}/create_flow_run",
        parameters={
            "weights": {"ACME": weight},
            "session": str(SESSION),
            "market": market,
            "run_key": key,
        },
        job_variables=job,
        state={"type": "SCHEDULED", "state_details": {"scheduled_time": due.isoformat()}},
    )
    ended = server.ended(made["id"])
    assert ended["state"]["name"] == "Completed", ended["state"]
    with psycopg.connect(url) as ledger:
        row = ledger.execute(
            "SELECT min(a.recorded_at) FROM ledger.send_attempts a "
            "JOIN ledger.orders USING (client_order_id) JOIN ledger.runs USING (run_id) "
            "WHERE run_key = %s",
            (key,),
        ).fetchone()
    assert row is not None
    return float((row[0] - due).total_seconds())
