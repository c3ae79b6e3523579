"""IBKR's own client, which no one here wrote, reads what the gateway writes."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.tag_value import TagValue
from ibapi.wrapper import EWrapper

from orderworks.model.loopback import LOOPBACK

from .conftest import Serves
from .running import PATIENCE_SECONDS

HEARD = {
    "nextValidId", "managedAccounts", "currentTime", "error",
    "openOrder", "orderStatus", "execDetails", "commissionReport",
    "openOrderEnd", "completedOrder", "completedOrdersEnd", "execDetailsEnd",
    "contractDetails", "contractDetailsEnd", "marketRule", "position", "positionEnd",
    "updateAccountValue", "updatePortfolio", "accountDownloadEnd",
    "historicalData", "historicalDataEnd", "tickPrice", "tickSnapshotEnd",
}  # fmt: skip
"""The callbacks that are listened to."""


class Listener(EWrapper, EClient):  # type: ignore[misc]
    """The client, and everything that it was called back with."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        for name in HEARD:
            setattr(self, name, self._noting(name))

    def _noting(self, name: str) -> Any:
        def note(*arguments: Any) -> None:
            self.heard.append((name, arguments))
            self._loop.call_soon_threadsafe(self._news.set)

        return note

    async def hears(self, name: str, times: int = 1) -> list[tuple[Any, ...]]:
        """What came by one callback, once it came so many times."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(found := [one for what, one in list(self.heard) if what == name]) < times:
                self._news.clear()
                await self._news.wait()
        return found


@asynccontextmanager
async def listening(port: int, client_id: int = 1) -> AsyncIterator[Listener]:
    client = Listener()
    await asyncio.to_thread(client.connect, LOOPBACK, port, client_id)
    thread = threading.Thread(target=client.run, daemon=True)
    thread.start()
    try:
        await client.hears("nextValidId")
        yield client
    finally:
        client.disconnect()
        await asyncio.to_thread(thread.join, PATIENCE_SECONDS)


def stock(symbol: str) -> Contract:
    contract = Contract()
    contract.symbol, contract.secType = symbol, "STK"
    contract.exchange, contract.currency = "SMART", "USD"
    return contract


def order(action: str, quantity: int, limit: float, **others: Any) -> Order:
    asked = Order()
    asked.action, asked.totalQuantity = action, quantity
    asked.orderType, asked.lmtPrice, asked.tif = "LMT", limit, "DAY"
    for name, value in others.items():
        assert hasattr(asked, name)
        setattr(asked, name, value)
    return asked


async def test_it_places_an_order_and_decodes_its_life(serves: Serves, account: str) -> None:
    async with serves() as (gateway, port), listening(port) as client:
        assert client.serverVersion() == 157
        [(accounts,)] = await client.hears("managedAccounts")
        assert accounts == account
        await gateway.advance(1)
        client.placeOrder(7, stock("ACME"), order("BUY", 150, 100.05, orderRef="ow-a"))
        [(order_id, contract, shown, state), *_] = await client.hears("openOrder")
        assert (order_id, contract.symbol, contract.conId > 0) == (7, "ACME", True)
        assert (shown.orderRef, shown.permId, shown.clientId) == ("ow-a", 1_476_000_001, 1)
        assert (shown.totalQuantity, shown.lmtPrice, shown.tif) == (150, 100.05, "DAY")
        assert (shown.account, state.status) == (account, "Submitted")
        [status, *_] = await client.hears("orderStatus")
        assert status[:6] == (7, "Submitted", 0, 150, 0, 1_476_000_001)

        await gateway.advance(5)
        [(_, _, first), (_, _, second)] = await client.hears("execDetails", 2)
        assert (first.shares, second.shares, second.cumQty) == (100, 50, 150)
        assert (first.orderId, first.permId, first.orderRef) == (7, 1_476_000_001, "ow-a")
        assert (first.side, first.price, first.acctNumber) == ("BOT", 100.01, account)
        assert first.time == "20261120 09:30:02 US/Eastern"
        reports = await client.hears("commissionReport", 2)
        assert [report.execId for (report,) in reports] == [first.execId, second.execId]
        assert sum(Decimal(str(report.commission)) for (report,) in reports) == 1
        statuses = await client.hears("orderStatus", 3)
        assert statuses[-1][1:5] == ("Filled", 150, 0, 100.01)


async def test_it_decodes_every_part_of_an_open_and_of_a_completed_order(serves: Serves) -> None:
    async with serves() as (_, port), listening(port, client_id=3) as client:
        asked = order(
            "SELL",
            100,
            120.5,
            orderRef="ow-b",
            ocaGroup="pair",
            ocaType=1,
            goodTillDate="20261120 15:00:00 US/Eastern",
            tif="GTD",
            algoStrategy="Adaptive",
            algoParams=[TagValue("adaptivePriority", "Patient")],
        )
        client.placeOrder(1, stock("ACME"), asked)
        [(_, _, shown, _), *_] = await client.hears("openOrder")
        assert (shown.ocaGroup, shown.ocaType, shown.tif) == ("pair", 1, "GTD")
        assert shown.goodTillDate == "20261120 15:00:00 US/Eastern"
        assert (shown.algoStrategy, shown.algoParams[0].value) == ("Adaptive", "Patient")
        client.cancelOrder(1)
        statuses = await client.hears("orderStatus", 3)
        assert [status[1] for status in statuses] == ["Submitted", "PendingCancel", "Cancelled"]
        client.reqCompletedOrders(False)
        [(_, completed, state)] = await client.hears("completedOrder")
        assert (completed.orderRef, completed.permId) == ("ow-b", shown.permId)
        assert (completed.orderId, completed.clientId) == (0, 0)
        assert state.status == "Cancelled"
        await client.hears("completedOrdersEnd")


async def test_it_decodes_the_answers_to_what_it_asks(serves: Serves, account: str) -> None:
    async with serves() as (gateway, port), listening(port) as client:
        await gateway.advance(1)
        client.placeOrder(1, stock("ACME"), order("BUY", 100, 101))
        await gateway_heard(client)
        await gateway.advance(5)
        await client.hears("commissionReport")

        client.reqContractDetails(11, stock("ACME"))
        [(_, details)] = await client.hears("contractDetails")
        assert details.validExchanges.split(",")[0] == "SMART"
        assert len(details.marketRuleIds.split(",")) == len(details.validExchanges.split(","))
        client.reqMarketRule(26)
        [(_, rule)] = await client.hears("marketRule")
        assert [(one.lowEdge, one.increment) for one in rule] == [(0, 0.0001), (1, 0.01)]
        client.reqExecutions(12, ExecutionFilter())
        executions = await client.hears("execDetails", 2)
        assert executions[0][2].execId == executions[1][2].execId
        client.reqPositions()
        [(held_by, contract, position, cost)] = await client.hears("position")
        assert (held_by, contract.symbol, position, cost) == (account, "ACME", 100, 100.01)
        client.reqAccountUpdates(True, "")
        await client.hears("accountDownloadEnd")
        values = {tag: value for tag, value, *_ in await client.hears("updateAccountValue")}
        assert values["TotalCashValue"] == "989998.00"
        [(_, held, *_)] = await client.hears("updatePortfolio")
        assert held == 100
        client.reqHistoricalData(13, stock("ACME"), "", "3 D", "1 day", "TRADES", 1, 1, False, [])
        await client.hears("historicalDataEnd")
        days = [bar.date for _, bar in await client.hears("historicalData")]
        assert days == ["20261118", "20261119", "20261120"]
        client.reqMktData(14, stock("ACME"), "", True, False, [])
        await client.hears("tickSnapshotEnd")
        prices = {kind: price for _, kind, price, _ in await client.hears("tickPrice")}
        assert (prices[1], prices[2]) == (99.99, 100.01)


async def gateway_heard(client: Listener) -> None:
    """Returns when the gateway has answered whatever was sent before."""
    before = len([one for one, _ in client.heard if one == "currentTime"])
    client.reqCurrentTime()
    await client.hears("currentTime", before + 1)
