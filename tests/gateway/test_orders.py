"""Orders come, change, fill and end; what cannot be is refused with IBKR's codes."""

from typing import Any

import pytest
from ib_async import IB, Order, Stock, StopLimitOrder, StopOrder, TagValue

from .answers import Answer
from .clients import ACME, BOLT, Errors, limit, market_order, placed, status
from .conftest import Serves
from .gateway import Gateway
from .requests import Request
from .running import connected, settled


async def test_an_order_fills_in_parts(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        trade = placed(ib, limit("BUY", 150, 100.05))
        await settled(ib)
        assert status(trade) == ("Submitted", 0, 150)
        await gateway.advance(1)
        await settled(ib)
        assert status(trade) == ("Submitted", 100, 50)
        await gateway.advance(1)
        await settled(ib)
        assert status(trade) == ("Filled", 150, 0)
        assert [fill.execution.cumQty for fill in trade.fills] == [100, 150]
        assert trade.orderStatus.avgFillPrice == 100.01


async def test_a_resting_order_is_changed_and_keeps_its_permid(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        trade = placed(ib, limit("BUY", 100, 90))
        await settled(ib)
        perm_id = trade.order.permId
        trade.order.lmtPrice, trade.order.totalQuantity = 100.05, 60
        placed(ib, trade.order)
        await settled(ib)
        assert (trade.order.permId, status(trade)) == (perm_id, ("Submitted", 0, 60))
        await gateway.advance(2)
        await settled(ib)
        assert status(trade) == ("Filled", 60, 0)
        assert gateway.brokerage.book.by_ref() == {"": 1}


async def test_a_cancel_is_confirmed(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        trade = placed(ib, limit("BUY", 100, 90))
        await settled(ib)
        ib.cancelOrder(trade.order)
        await settled(ib)
        assert trade.orderStatus.status == "Cancelled"
        assert errors == [(trade.order.orderId, 202)]
        told = [one["status"] for one in gateway.log.of(Answer.ORDER_STATUS)]
        assert told == ["Submitted", "PendingCancel", "Cancelled"]


async def test_a_global_cancel_reaches_every_client_s_orders(serves: Serves) -> None:
    async with serves() as (_, port), connected(port, 1) as one, connected(port, 2) as two:
        trades = [placed(ib, limit("BUY", 10, 90)) for ib in (one, two)]
        await settled(one)
        await settled(two)
        one.reqGlobalCancel()
        await settled(one)
        await settled(two)
        assert [trade.orderStatus.status for trade in trades] == ["Cancelled", "Cancelled"]


REFUSED: dict[str, tuple[int, Order, Stock]] = {
    "unknown": (200, limit("BUY", 1, 90), Stock("NOPE", "SMART", "USD")),
    "ambiguous": (200, limit("BUY", 1, 90), Stock("ACME", "SMART")),
    "grid": (110, limit("BUY", 1, 90.001), ACME),
    "size": (434, limit("BUY", 0, 90), ACME),
    "fraction": (10243, limit("BUY", 0.5, 90), ACME),
    "account": (321, limit("BUY", 1, 90, account="DU9999999"), ACME),
    "type": (321, Order(action="BUY", totalQuantity=1, orderType="REL", tif="DAY"), ACME),
    "trail": (158, Order(action="SELL", totalQuantity=1, orderType="TRAIL", tif="DAY"), ACME),
    "moc": (113, Order(action="BUY", totalQuantity=1, orderType="MOC", tif="GTC"), ACME),
    "algo": (439, limit("BUY", 1, 90, algoStrategy="Magic"), ACME),
    **{
        f"{name} {params}": (code, limit("BUY", 1, 90, algoStrategy=name, algoParams=params), ACME)
        for code, name, *params in (
            (443, "Twap", TagValue("strategyType", "Marketable")),
            (443, "Adaptive", TagValue("endTime", "16:00:00 US/Eastern")),
            (145, "Adaptive", TagValue("adaptivePriority", "urgent")),
            (441, "Vwap", TagValue("maxPctVol", "10")),
            (441, "Vwap", TagValue("maxPctVol", "much")),
            (441, "Vwap", TagValue("noTakeLiq", "True")),
            (441, "Twap", TagValue("startTime", "15:00:00")),
            (441, "Twap", TagValue("endTime", "09:00:00 US/Eastern")),
        )
    },
    "algo of a stop": (442, StopOrder("SELL", 1, 90, tif="DAY", algoStrategy="Twap"), ACME),
    "algo overnight": (442, limit("BUY", 1, 90, tif="GTC", algoStrategy="Twap"), ACME),
    "capped off the grid": (
        110,
        Order(action="BUY", totalQuantity=1, orderType="MIDPRICE", lmtPrice=90.001, tif="DAY"),
        ACME,
    ),
    "parent": (10006, limit("SELL", 1, 90, parentId=77), ACME),
    "date": (321, limit("BUY", 1, 90, tif="GTD", goodTillDate="tomorrow"), ACME),
    "band": (201, limit("BUY", 1, 190), ACME),
    "margin": (201, limit("BUY", 1_000_000, 100), ACME),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_is_refused(serves: Serves, name: str) -> None:
    code, order, contract = REFUSED[name]
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        errors = Errors(ib)
        placed(ib, order, contract)
        await settled(ib)
        assert errors.codes == [code]
        assert await ib.reqAllOpenOrdersAsync() == []


async def test_a_rejected_order_turns_inactive_and_is_completed_as_rejected(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        trade = placed(ib, limit("BUY", 1_000_000, 100))
        await settled(ib)
        assert trade.orderStatus.status == "Inactive"
        [done] = await ib.reqCompletedOrdersAsync(False)
        assert done.orderStatus.status == "Inactive"
        state = [*gateway.log.of(Answer.COMPLETED_ORDER)][-1]["completedStatus"]
        assert state.startswith("Rejected by System: insufficient equity")


async def test_an_id_is_taken_once_and_in_order(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        ib.client.updateReqId(20)
        filled, cancelled = placed(ib, market_order("BUY", 10)), placed(ib, limit("BUY", 10, 90))
        await settled(ib)
        ib.cancelOrder(cancelled.order)
        await gateway.advance(2)
        await settled(ib)
        errors = Errors(ib)
        for order_id in (filled.order.orderId, cancelled.order.orderId, 15):
            ib.client.placeOrder(order_id, ACME, limit("BUY", 10, 90))
        await settled(ib)
        assert errors == [(20, 104), (21, 103), (15, 103)]
        assert len(gateway.brokerage.book.orders) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [({"orderType": "MKT"}, 329), ({"action": "SELL"}, 105), ({"lmtPrice": 90.001}, 110)],
)
async def test_a_change_that_cannot_be_leaves_the_order_as_it_was(
    serves: Serves, change: dict[str, Any], code: int
) -> None:
    async with serves() as (_, port), connected(port, 1) as ib, connected(port, 2) as other:
        trade = placed(ib, limit("BUY", 10, 90))
        await settled(ib)
        errors = Errors(ib)
        for name, value in change.items():
            setattr(trade.order, name, value)
        ib.placeOrder(ACME, trade.order)
        await settled(ib)
        assert errors.codes == [code]
        [live] = await other.reqAllOpenOrdersAsync()
        assert (live.order.action, live.order.orderType, live.order.lmtPrice) == ("BUY", "LMT", 90)


async def test_a_cancel_of_what_is_not_there_or_done_is_refused(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        filled = placed(ib, market_order("BUY", 10))
        await gateway.advance(2)
        await settled(ib)
        await gateway.advance(2)
        await settled(ib)
        errors = Errors(ib)
        ib.client.cancelOrder(filled.order.orderId)
        ib.client.cancelOrder(999)
        await settled(ib)
        assert errors == [(filled.order.orderId, 10148), (999, 10147)]


async def test_only_its_own_client_cancels_an_order(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port, 1) as ib, connected(port, 2) as other:
        trade = placed(ib, limit("BUY", 10, 90))
        await settled(ib)
        errors = Errors(other)
        other.client.cancelOrder(trade.order.orderId)
        await settled(other)
        assert errors.codes == [10147]
        assert len(gateway.brokerage.book.live()) == 1


async def test_what_an_order_would_cost_is_told_and_nothing_is_sent(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        state = await ib.whatIfOrderAsync(ACME, limit("BUY", 1_000, 100))
        assert float(state.initMarginChange) == 50_000
        assert float(state.maintMarginAfter) == 25_000
        assert float(state.equityWithLoanBefore) == 1_000_000
        assert float(state.equityWithLoanAfter) == 999_995
        assert state.commission == 5
        assert state.warningText == ""
        beyond = await ib.whatIfOrderAsync(ACME, limit("BUY", 100_000, 100))
        assert "exceed the funds" in beyond.warningText
        assert gateway.brokerage.book.orders == {}


async def test_a_question_uses_an_id_as_an_order_does(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        await ib.whatIfOrderAsync(ACME, limit("BUY", 10, 100))
        asked = next(gateway.log.of(Request.PLACE_ORDER))
        errors = Errors(ib)
        for question in (True, False):
            order = limit("BUY", 10, 90, whatIf=question)
            ib.client.placeOrder(int(asked["orderId"]), ACME, order)
        await settled(ib)
        assert errors.codes == [103, 103]
        assert gateway.brokerage.book.orders == {}


async def test_without_a_tif_the_preset_is_remarked_on_and_the_order_lives(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        trade = placed(ib, limit("BUY", 10, 90, tif=""))
        await settled(ib)
        assert errors == [(trade.order.orderId, 10349)]
        assert trade.orderStatus.status == "Cancelled", "as the client takes it"
        [lives] = gateway.brokerage.book.live()
        assert lives.status == "Submitted"


async def test_outside_regular_hours_is_ignored_with_a_remark(serves: Serves) -> None:
    async with serves() as (_, port), connected(port) as ib:
        errors = Errors(ib)
        placed(ib, limit("BUY", 10, 90, outsideRth=True))
        await settled(ib)
        assert errors.codes == [2109]


async def _ends_as(gateway: Gateway, ib: IB, order: Order, second: float) -> tuple[str, float]:
    """How an order sent in the second second stands at a later one: status, average price."""
    await gateway.advance(2)
    trade = placed(ib, order)
    await settled(ib)
    await gateway.advance(second - 2)
    await settled(ib)
    return trade.orderStatus.status, trade.orderStatus.avgFillPrice


def _twap(start: str, end: str, *, past: bool = False) -> Order:
    """Market order of 5,000 shares, more than it can get in half a minute."""
    told = {"startTime": start, "endTime": end}
    params = [TagValue(tag, f"{time} US/Eastern") for tag, time in told.items()]
    params.append(TagValue("allowPastEndTime", str(int(past))))
    return market_order("BUY", 5_000, algoStrategy="Twap", algoParams=params)


TYPES: dict[str, tuple[Order, float, tuple[str, float]]] = {
    "market": (market_order("BUY", 50), 5, ("Filled", 100.01)),
    "stop waits": (StopOrder("SELL", 50, 99.5, tif="DAY"), 15, ("PreSubmitted", 0)),
    "stop": (StopOrder("SELL", 50, 99.5, tif="DAY"), 30, ("Filled", 98.99)),
    "stop limit": (StopLimitOrder("SELL", 50, 98, 99.5, tif="DAY"), 30, ("Filled", 98.99)),
    "trail": (
        Order(action="SELL", totalQuantity=50, orderType="TRAIL", auxPrice=0.5, tif="DAY"),
        30,
        ("Filled", 98.99),
    ),
    "trail percent": (
        Order(action="SELL", totalQuantity=50, orderType="TRAIL", trailingPercent=2, tif="DAY"),
        30,
        ("PreSubmitted", 0),
    ),
    "ioc": (limit("BUY", 50, 99.5, tif="IOC"), 5, ("Cancelled", 0)),
    "fok": (limit("BUY", 50, 100.01, tif="FOK"), 5, ("Filled", 100.01)),
    "gtd": (
        limit("BUY", 50, 90, tif="GTD", goodTillDate="20261120-14:30:10"),
        15,
        ("Cancelled", 0),
    ),
    "moc": (
        Order(action="BUY", totalQuantity=50, orderType="MOC", tif="DAY"),
        30,
        ("PreSubmitted", 0),
    ),
    "loc": (
        Order(action="BUY", totalQuantity=50, orderType="LOC", lmtPrice=99, tif="DAY"),
        30,
        ("PreSubmitted", 0),
    ),
    "midprice": (
        Order(action="BUY", totalQuantity=50, orderType="MIDPRICE", tif="DAY"),
        30,
        ("Filled", 100.0),
    ),
    "midprice, capped": (
        Order(action="BUY", totalQuantity=50, orderType="MIDPRICE", lmtPrice=99.5, tif="DAY"),
        15,
        ("Submitted", 0),
    ),
    "twap waits": (_twap("09:30:10", "09:30:20"), 5, ("PreSubmitted", 0)),
    "twap works": (_twap("09:30:10", "09:30:20"), 15, ("Submitted", 100.01)),
    "twap ends": (_twap("09:30:10", "09:30:18"), 30, ("Cancelled", 100.01)),
    "twap goes on": (_twap("09:30:10", "09:30:12", past=True), 19, ("Submitted", 100.01)),
}


@pytest.mark.parametrize("name", TYPES)
async def test_each_type_does_what_it_is_for(serves: Serves, name: str) -> None:
    order, second, expected = TYPES[name]
    async with serves() as (gateway, port), connected(port) as ib:
        assert await _ends_as(gateway, ib, order, second) == expected


async def test_a_midprice_order_follows_the_mid(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(30)
        order = Order(action="BUY", totalQuantity=5_000, orderType="MIDPRICE", tif="DAY")
        trade = placed(ib, order)
        await settled(ib)
        await gateway.advance(5)
        await settled(ib)
        assert trade.orderStatus.lastFillPrice == 99
        # At 102, where one that stayed would never trade.
        await gateway.advance(15)
        await settled(ib)
        assert trade.orderStatus.lastFillPrice == 102


async def test_an_algorithm_cannot_be_changed_but_its_price_can(serves: Serves) -> None:
    async with serves() as (_, port), connected(port) as ib:
        urgent, patient = ([TagValue("adaptivePriority", name)] for name in ("Urgent", "Patient"))
        trade = placed(ib, limit("BUY", 10, 90, algoStrategy="Adaptive", algoParams=urgent))
        await settled(ib)
        errors = Errors(ib)
        trade.order.lmtPrice = 91
        placed(ib, trade.order)
        await settled(ib)
        assert errors.codes == []
        assert trade.order.lmtPrice == 91
        trade.order.algoParams = patient
        placed(ib, trade.order)
        await settled(ib)
        assert errors.codes == [440]


@pytest.mark.parametrize(("second", "codes"), [(0, []), (5, [201])])
async def test_an_order_for_the_open_must_come_before_it(
    serves: Serves, second: float, codes: list[int]
) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(second)
        errors = Errors(ib)
        placed(ib, market_order("BUY", 50, tif="OPG"))
        await settled(ib)
        assert errors.codes == codes


async def test_the_log_counts_what_was_placed_by_its_reference(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        first = placed(ib, limit("BUY", 10, 90, orderRef="ow-a"))
        placed(ib, limit("BUY", 10, 45, orderRef="ow-b"), BOLT)
        first.order.lmtPrice = 91
        placed(ib, first.order)
        await settled(ib)
        assert gateway.log.placed_by_ref() == {"ow-a": 2, "ow-b": 1}
        assert gateway.brokerage.book.by_ref() == {"ow-a": 1, "ow-b": 1}
        assert len([*gateway.log.of(Request.PLACE_ORDER)]) == 3
