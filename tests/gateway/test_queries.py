"""What a client is told when it asks: orders, executions, the account."""

from datetime import timedelta
from typing import Any

import pytest
from ib_async import ExecutionFilter

from .clients import ACME, BOLT, limit, market_order, placed
from .conftest import Serves
from .running import connected, settled


async def test_open_orders_are_one_client_s_and_all_open_orders_everyone_s(serves: Serves) -> None:
    async with serves() as (_, port), connected(port, 1) as one, connected(port, 2) as two:
        placed(one, limit("BUY", 10, 90, orderRef="ow-one"))
        placed(two, limit("BUY", 10, 91, orderRef="ow-two"))
        await settled(one)
        await settled(two)
        assert [trade.order.orderRef for trade in await one.reqOpenOrdersAsync()] == ["ow-one"]
        everyone = {
            (trade.order.clientId, trade.order.orderRef)
            for trade in await one.reqAllOpenOrdersAsync()
        }
        assert everyone == {(1, "ow-one"), (2, "ow-two")}


async def test_a_client_hears_nothing_of_another_s_order(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port, 1) as one, connected(port, 2) as two:
        await gateway.advance(1)
        placed(one, market_order("BUY", 10))
        await settled(one)
        await gateway.advance(2)
        await settled(two)
        assert two.trades() == []
        assert two.fills() == []


async def test_executions_are_found_after_a_reconnect(serves: Serves) -> None:
    async with serves() as (gateway, port):
        async with connected(port) as ib:
            await gateway.advance(1)
            placed(ib, limit("BUY", 150, 100.05, orderRef="ow-a"))
            await settled(ib)
        await gateway.advance(5)
        async with connected(port) as again:
            fills = again.fills()
            assert [fill.execution.shares for fill in fills] == [100, 50]
            assert {fill.execution.orderRef for fill in fills} == {"ow-a"}
            assert {fill.execution.execId[-3:] for fill in fills} == {".01"}
            assert sum(fill.commissionReport.commission for fill in fills) == 1
            [done] = [trade for trade in again.trades() if trade.order.orderRef == "ow-a"]
            assert done.orderStatus.status == "Filled"


async def test_executions_are_filtered(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port, 1) as one, connected(port, 2) as two:
        await gateway.advance(1)
        placed(one, market_order("BUY", 10), ACME)
        await settled(one)  # the exchange has it before the other line's
        placed(two, market_order("SELL", 20), BOLT)
        await settled(two)
        await gateway.advance(2)
        later = gateway.clock.now() + timedelta(seconds=1)

        async def shares(**asked: Any) -> list[float]:
            found = await one.reqExecutionsAsync(ExecutionFilter(**asked))
            return [fill.execution.shares for fill in found]

        assert await shares() == [10, 20]
        assert await shares(clientId=2) == [20]
        assert await shares(symbol="ACME") == [10]
        assert await shares(side="SELL") == [20]
        assert await shares(time=f"{later:%Y%m%d-%H:%M:%S}") == []
        assert await shares(acctCode="DU0") == []


async def test_positions_and_the_account_follow_the_fills(serves: Serves, account: str) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        trade = placed(ib, market_order("SELL", 100))
        await settled(ib)
        await gateway.advance(2)
        await settled(ib)
        [position] = ib.positions()
        assert (position.account, position.contract.symbol) == (account, "ACME")
        assert (position.position, position.avgCost) == (-100, 99.99)
        [item] = ib.portfolio()
        assert (item.position, item.marketPrice, item.marketValue) == (-100, 100, -10_000)
        values = {one.tag: one.value for one in ib.accountValues() if one.account == account}
        cost = trade.fills[0].commissionReport.commission
        assert float(values["TotalCashValue"]) == pytest.approx(1_000_000 + 9_999 - cost)
        summary = {one.tag: one.value for one in await ib.accountSummaryAsync()}
        assert summary["NetLiquidation"] == values["NetLiquidation"]
        assert float(summary["InitMarginReq"]) == 5_000


async def test_a_position_that_is_closed_is_told_as_zero(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        for action in ("BUY", "SELL"):
            placed(ib, market_order(action, 100))
            await settled(ib)
            await gateway.advance(3)
        await settled(ib)
        assert ib.positions() == []
        assert ib.portfolio() == []
