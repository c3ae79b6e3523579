"""Who keeps the account: a process that is busy does, one that is stuck does not."""

import asyncio
import time
from dataclasses import replace

import pytest

from orderworks.commands.errors import failure_of
from orderworks.desk.renewal import Renewal
from orderworks.ledger.accounts import open_account
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease, require_lease, take_lease
from orderworks.model.errors import LeaseLost

pytestmark = pytest.mark.proof

ACCOUNT = "SIM1"
TTL_SECONDS = 2.0


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    taken = take_lease(ledger, ACCOUNT, "process 1 on here", TTL_SECONDS)
    assert taken is not None
    return taken


async def test_planning_that_takes_longer_than_a_lease_does_not_lose_it(
    ledger: Ledger, ledger_url: str, lease: Lease
) -> None:
    renewal = Renewal(ledger_url, lease, print)
    time.sleep(2 * TTL_SECONDS)
    with ledger.transaction():
        require_lease(ledger, lease)
    await renewal.end()


async def test_a_loop_that_is_stuck_loses_it(
    ledger: Ledger, ledger_url: str, lease: Lease, caplog: pytest.LogCaptureFixture
) -> None:
    losses: list[Exception] = []
    renewal = Renewal(ledger_url, lease, losses.append, stuck_seconds=0.1)
    time.sleep(2 * TTL_SECONDS)
    with pytest.raises(LeaseLost, match="ran out"):
        require_lease(ledger, lease)
    await asyncio.sleep(0.1)
    assert [str(loss)[:27] for loss in losses] == ["this process has been stuck"]
    await renewal.end()
    assert "this process has been stuck" in caplog.text


async def test_one_that_was_taken_is_told_within_a_second(
    ledger: Ledger, ledger_url: str, lease: Lease
) -> None:
    taken = asyncio.get_running_loop().create_future()
    renewal = Renewal(ledger_url, replace(lease, ttl_seconds=60.0), taken.set_result)
    assert take_lease(ledger, ACCOUNT, "the kill switch", 60, preempts=True) is not None
    loss = await asyncio.wait_for(taken, 1.5)
    assert "now worked by the kill switch" in str(loss)
    await renewal.end()


async def test_a_database_that_breaks_off_is_told_as_that(
    ledger: Ledger, ledger_url: str, lease: Lease
) -> None:
    failed = asyncio.get_running_loop().create_future()
    before = backends(ledger)
    renewal = Renewal(ledger_url, replace(lease, ttl_seconds=60.0), failed.set_result)
    async with asyncio.timeout(10):
        while not (renewing := backends(ledger) - before):
            await asyncio.sleep(0.05)
    for backend in renewing:
        ledger.execute("SELECT pg_terminate_backend(%s)", (backend,))
    told = failure_of(await asyncio.wait_for(failed, 5))
    assert told.sentence.startswith("the ledger's database broke off: ")
    await renewal.end()


def backends(ledger: Ledger) -> set[int]:
    """The server's processes for this ledger."""
    found = ledger.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename IS NOT NULL"
    )
    return {row["pid"] for row in found}


async def test_once_ended_it_is_not_renewed(ledger: Ledger, ledger_url: str, lease: Lease) -> None:
    renewal = Renewal(ledger_url, lease, print)
    await renewal.end()
    await asyncio.sleep(1.5 * TTL_SECONDS)
    with pytest.raises(LeaseLost, match="ran out"):
        require_lease(ledger, lease)
