"""What befalls answers on their way to the real client."""

import asyncio

import pytest
from ib_async import ExecutionFilter

from .answers import Answer
from .clients import heard_by, limit, placed
from .conftest import Serves
from .faults import (
    Correct,
    CutBefore,
    Delay,
    Late,
    Lose,
    Twice,
)
from .running import connected, settled, until


async def test_the_socket_is_cut_at_an_answer(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        gateway.faults.next(Answer.ORDER_STATUS, CutBefore())
        gone = asyncio.Event()
        ib.disconnectedEvent += gone.set
        placed(ib, limit("BUY", 150, 90, orderRef="ow-a"))
        await asyncio.wait_for(gone.wait(), 5)
        assert gateway.brokerage.book.by_ref() == {"ow-a": 1}


async def test_statuses_come_twice_and_out_of_order(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        heard = heard_by(ib, "orderStatus")
        gateway.faults.next(Answer.ORDER_STATUS, Twice())
        trade = placed(ib, limit("BUY", 150, 100.05))
        await settled(ib)
        assert [one[1:3] for one in heard] == [("Submitted", 0), ("Submitted", 0)]
        # The status of the first part of the fill comes behind that of the second.
        gateway.faults.next(Answer.ORDER_STATUS, Late(5))
        await gateway.advance(5)
        await settled(ib)
        assert [one[1:3] for one in heard[2:]] == [("Filled", 150), ("Submitted", 100)]
        assert trade.orderStatus.status == "Submitted"
        assert sum(fill.execution.shares for fill in trade.fills) == 150


async def test_a_lost_answer_leaves_a_query_hanging(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        gateway.faults.next(Answer.OPEN_ORDER_END, Lose())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ib.reqAllOpenOrdersAsync(), 0.2)


async def test_an_execution_is_corrected_under_the_same_prefix(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        gateway.faults.next(Answer.EXECUTION, Correct(60, "100.02"))
        trade = placed(ib, limit("BUY", 100, 100.05))
        await settled(ib)
        await gateway.advance(2)
        await until(ib, lambda: len(trade.fills) == 2)
        first, second = (fill.execution for fill in trade.fills)
        assert first.execId[:-3] == second.execId[:-3]
        assert (first.execId[-3:], second.execId[-3:]) == (".01", ".02")
        assert (first.shares, second.shares, second.price) == (100, 60, 100.02)
        assert trade.filled() == 160, "the client counts it twice"
        await settled(ib)
        assert ib.positions()[0].position == 60
        found = await ib.reqExecutionsAsync(ExecutionFilter())
        assert [fill.execution.execId[-3:] for fill in found] == [".01", ".02"]


async def test_a_commission_comes_late(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        gateway.faults.next(Answer.COMMISSION, Delay(10))
        trade = placed(ib, limit("BUY", 100, 100.05))
        await settled(ib)
        await gateway.advance(5)
        await settled(ib)
        [fill] = trade.fills
        assert fill.commissionReport.execId == ""
        await gateway.advance(10)
        await settled(ib)
        assert fill.commissionReport.commission == 1


async def test_a_commission_before_its_execution_is_dropped_by_the_client(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        gateway.faults.next(Answer.EXECUTION, Late(3))
        trade = placed(ib, limit("BUY", 100, 100.05))
        await settled(ib)
        await gateway.advance(2)
        await settled(ib)
        [fill] = trade.fills
        assert fill.commissionReport.execId == ""
        [asked] = await ib.reqExecutionsAsync(ExecutionFilter())
        assert asked.execution.execId == fill.execution.execId
        assert fill.commissionReport.commission == 1
