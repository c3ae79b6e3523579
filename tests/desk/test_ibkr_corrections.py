"""What executions cost and how they are corrected, over the end of a process: the books are the broker's."""

from typing import Any

import pytest
from gateway.answers import Answer
from gateway.faults import Faults, Lose
from ibkr_desk import Trading, planned, states, trading, wave
from judging import rows

from orderworks.desk.reconciliation import reconcile
from orderworks.market.replay import ReplayMarket

COMMISSIONS_ARE_LOST = {Answer.COMMISSION: {Lose(): 1.0}}


def booked(there: Trading) -> list[dict[str, Any]]:
    """Every report of an execution that the ledger has."""
    return rows(there.desk.ledger, "SELECT * FROM fills ORDER BY exec_id")


async def fills_without_a_commission(there: Trading) -> str:
    """The order fills, and what that cost is not told; returns the execution."""
    there.gateway.faults = Faults(rates=COMMISSIONS_ARE_LOST)
    await wave(there.desk, 3)
    await reconcile(there.desk, None)
    there.gateway.faults = Faults()
    [execution] = booked(there)
    assert (states(there.desk, "a"), execution["commission"]) == ([("FILLED", 100)], 0)
    return str(execution["exec_id"])


async def begins_anew(there: Trading) -> None:
    await there.end()
    await there.begin()


@pytest.mark.parametrize("dies", [False, True])
async def test_a_correction_of_what_had_its_commission_corrected(
    ledger_url: str, recorded: ReplayMarket, dies: bool
) -> None:
    """The broker knows nothing of our correction; a new process learns of it from the ledger."""
    async with trading(ledger_url, recorded, planned("a", 100, "100.01")) as there:
        execution = await fills_without_a_commission(there)
        await reconcile(there.desk, None)
        await wave(there.desk, 1)
        assert [one["replaces"] for one in booked(there)] == [None, execution]
        if dies:
            await begins_anew(there)
            assert (await reconcile(there.desk, None)).is_clean
        there.gateway.correct(execution, 100, "99.90")
        found = await reconcile(there.desk, None)
        assert found.is_clean, found.breaks
        first, fee, correction = booked(there)
        assert (correction["replaces"], fee["replaces"]) == (fee["exec_id"], first["exec_id"])


async def test_a_commission_that_came_after_the_process_had_ended(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with trading(ledger_url, recorded, planned("a", 100, "100.01")) as there:
        execution = await fills_without_a_commission(there)
        await begins_anew(there)
        for _ in range(2):
            found = await reconcile(there.desk, None)
            assert found.is_clean, found.breaks
            await wave(there.desk, 1)
            first, fee = booked(there)
            assert (fee["replaces"], first["exec_id"]) == (execution, execution)
            assert (first["commission"], fee["commission"]) == (0, 1)


@pytest.mark.parametrize("dies", [False, True])
async def test_a_correction_that_comes_after_a_later_one(
    ledger_url: str, recorded: ReplayMarket, dies: bool
) -> None:
    """The first is heard only once the second is booked, and stands for nothing."""
    async with trading(ledger_url, recorded, planned("a", 100, "100.01")) as there:
        await wave(there.desk, 3)
        await reconcile(there.desk, None)
        [first] = booked(there)
        shared = first["exec_id"].removesuffix("01")
        there.gateway.faults.next(Answer.EXECUTION, Lose())
        there.gateway.correct(shared + "01", 100, "99.90")
        there.gateway.correct(shared + "02", 100, "99.80")
        shown = there.gateway.brokerage.book.executions
        lost = shown.pop(1)
        assert (await reconcile(there.desk, None)).is_clean
        assert [one["exec_id"] for one in booked(there)] == [shared + "01", shared + "03"]
        shown.insert(1, lost)
        if dies:
            await begins_anew(there)
        for _ in range(2):
            found = await reconcile(there.desk, None)
            assert found.is_clean, found.breaks
            await wave(there.desk, 1)
        assert booked(there)[-1]["exec_id"] == shared + "03"
