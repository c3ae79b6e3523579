"""Two runs of one account at once: one works, the other goes on from where the account is."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from socket import gethostname
from typing import Any

import pytest
from command_processes import Ended, Running
from judging import require_sound_books, rows
from mid_run import MANY_SLICES
from synthetic_day import SESSION, signal, write_table

from orderworks.desk.desk import PLANNING_TURN
from orderworks.ledger.accounts import book_opening, open_account
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.leases import give_back, take_lease
from orderworks.model.portfolio import Portfolio

pytestmark = pytest.mark.usefixtures("environment", "prefect_api")

PATIENCE_SECONDS = 60
STARTED_AT_ONCE = (
    pytest.param(3, id="three", marks=pytest.mark.proof),
    *(pytest.param(8, id=f"eight-{n}", marks=pytest.mark.proof) for n in range(10)),
    *(pytest.param(8, id=f"eight-{n}", marks=pytest.mark.rounds) for n in range(10, 50)),
)
"""Three, and eight ten times, with the long proofs; eight fifty times if that is asked for."""


@pytest.mark.parametrize("count", STARTED_AT_ONCE)
def test_the_same_run_started_several_times_at_once_trades_once_and_tells_who_works(
    ledger: Ledger, market: str, signals: str, starts: Callable[..., Running], count: int
) -> None:
    asked = ("run", "daily", "--session", str(SESSION), "--signals", signals, "--market", market)
    runs = [starts(*asked, **MANY_SLICES) for _ in range(count)]
    ended = [run.wait() for run in runs]
    assert [one.status for one in ended] == [0] * count, ended
    require_sound_books(ledger)
    assert rows(ledger, "SELECT state FROM runs") == [{"state": "DONE"}]
    (planned,) = [one for one in ended if "plan frozen" in one.err]
    workers = {f"process {run.pid} on {gethostname()}" for run in runs}
    watched = 0
    for one in ended:
        if one is planned:
            continue
        told = set(re.findall(r"is worked by (.+?);", one.err))
        assert told <= workers
        # Who came when the worker had ended has nobody to watch: it finds nothing left to do.
        held_it = "reconciled before the run" in one.err
        assert told or held_it or "is done already" in one.out, one
        watched += bool(told)
    assert watched


@pytest.mark.proof
async def test_a_run_that_waited_its_turn_plans_at_the_time_of_the_account(
    ledger: Ledger,
    ledger_url: str,
    market: str,
    signals: str,
    tmp_path: Path,
    orderworks: Callable[..., Ended],
) -> None:
    file = write_table(tmp_path / "later.csv", signal("ACME", strategy="other"))
    asked = ("--session", str(SESSION), "--market", market)
    assert orderworks("run", "daily", "--signals", signals, *asked).status == 0
    with open_ledger(ledger_url) as other:
        # Another worker has the account, and its turn to plan.
        lease = take_lease(other, "SIM1", "another worker", PATIENCE_SECONDS)
        assert lease is not None
        turn = (PLANNING_TURN, "SIM1")
        other.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", turn)
        late = asyncio.create_task(
            asyncio.to_thread(orderworks, "run", "intraday", "--signals", file, *asked)
        )
        await _until(lambda: rows(ledger, "SELECT 1 FROM runs WHERE kind = 'intraday'"))
        ledger.execute("UPDATE exchange.accounts SET reached = reached + interval '30 minutes'")
        (account,) = rows(ledger, "SELECT reached FROM exchange.accounts")
        other.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", turn)
        await _until(lambda: rows(ledger, "SELECT 1 FROM runs WHERE state = 'PLANNED'"))
        give_back(other, lease)
    ended = await late
    assert ended.status == 0, ended
    (run,) = rows(ledger, "SELECT starts_at, message FROM runs WHERE kind = 'intraday'")
    assert run["starts_at"] >= account["reached"]
    assert "horizon ended" not in run["message"]
    require_sound_books(ledger)


@pytest.mark.proof
async def test_a_run_whose_orders_another_worker_finished_ends_while_that_still_has_the_account(
    ledger: Ledger,
    ledger_url: str,
    market: str,
    signals: str,
    orderworks: Callable[..., Ended],
) -> None:
    asked = ("--session", str(SESSION), "--market", market, "--signals", signals)
    with open_ledger(ledger_url) as other:
        open_account(other, "SIM1", "simulated", "simulated")
        book_opening(other, Portfolio("SIM1", Decimal(10_000_000), {}), SESSION, datetime.now(UTC))
        lease = take_lease(other, "SIM1", "another worker", PATIENCE_SECONDS)
        assert lease is not None
        watching = asyncio.create_task(asyncio.to_thread(orderworks, "run", "daily", *asked))
        await _until(lambda: rows(ledger, "SELECT 1 FROM runs WHERE state = 'PLANNED'"))
        ledger.execute(
            "INSERT INTO order_events (client_order_id, event, from_state, to_state, at) "
            "SELECT client_order_id, 'WITHDRAW', 'NEW', 'CANCELLED', due_at FROM orders"
        )
        ended = await watching
    assert ended.status == 0, ended
    assert rows(ledger, "SELECT state FROM runs") == [{"state": "DONE"}]


async def _until(found: Callable[[], list[dict[str, Any]]]) -> None:
    for _ in range(PATIENCE_SECONDS * 10):
        if found():
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("it did not come to pass")
