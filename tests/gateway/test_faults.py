"""What befalls orders, and what the real client makes of it."""

import asyncio
from collections import Counter

import pytest
from ib_async import IB

from orderworks.model.loopback import LOOPBACK

from .answers import Answer
from .clients import ACME, Errors, befallen, heard_by, limit, placed, status
from .conftest import Serves
from .faults import (
    INACTIVE,
    LOCATING,
    UNTIL_OPEN,
    Busy,
    CancelledByBroker,
    CutAfter,
    CutBefore,
    Fault,
    Faults,
    Hold,
    Lose,
    Refuse,
    RollBack,
    Say,
    SecondPermId,
    Silence,
)
from .requests import Request
from .running import connected, settled


async def test_silence_leaves_an_order_that_works_unheard_of(serves: Serves) -> None:
    async with serves() as (gateway, port):
        async with connected(port) as ib:
            trade = await befallen(gateway, ib, Silence())
            await gateway.advance(5)
            await settled(ib)
            assert (status(trade), trade.order.permId) == (("PendingSubmit", 0, 0), 0)
            assert trade.fills == []
            assert gateway.brokerage.book.by_ref() == {"ow-a": 1}
        async with connected(port) as again:
            assert {fill.execution.orderRef for fill in again.fills()} == {"ow-a"}


async def test_a_lost_order_is_not_there_and_its_id_is_free(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        trade = await befallen(gateway, ib, Lose())
        assert trade.orderStatus.status == "PendingSubmit"
        assert await ib.reqAllOpenOrdersAsync() == []
        placed(ib, trade.order)
        await settled(ib)
        assert trade.orderStatus.status == "Submitted"
        assert gateway.log.placed_by_ref() == {"ow-a": 2}
        assert gateway.brokerage.book.by_ref() == {"ow-a": 1}


@pytest.mark.parametrize(("fault", "arrived"), [(CutBefore(), {}), (CutAfter(), {"ow-a": 1})])
async def test_the_socket_is_cut_in_the_middle_of_an_order(
    serves: Serves, fault: Fault, arrived: Counter[str]
) -> None:
    async with serves() as (gateway, port):
        async with connected(port) as ib:
            await gateway.advance(1)
            gateway.faults.next(Request.PLACE_ORDER, fault)
            gone = asyncio.Event()
            ib.disconnectedEvent += gone.set
            trade = placed(ib, limit("BUY", 150, 100.05, orderRef="ow-a"))
            await asyncio.wait_for(gone.wait(), 5)
            assert trade.orderStatus.status == "PendingSubmit"
        assert gateway.brokerage.book.by_ref() == arrived
        async with connected(port) as again:
            assert len(again.openTrades()) == sum(arrived.values())


async def test_the_next_valid_id_rolls_back_and_ids_are_given_again(serves: Serves) -> None:
    async with serves() as (gateway, port):
        async with connected(port) as ib:
            ib.client.updateReqId(50)
            done = await befallen(gateway, ib, Say(2109))
            await gateway.advance(5)
            lives = placed(ib, limit("BUY", 10, 90, orderRef="ow-lives"))
            await settled(ib)
            assert (done.order.orderId, lives.order.orderId) == (50, 51)
        gateway.faults.next(Request.START_API, RollBack(2))
        async with connected(port) as again:
            assert [*gateway.log.of(Answer.NEXT_VALID_ID)][-1]["orderId"] == 50
            # The client itself goes on behind the open order; the broker takes the id all the same.
            again.client.placeOrder(50, ACME, limit("BUY", 10, 90, orderRef="ow-again"))
            await settled(again)
            assert gateway.brokerage.book.by_ref()["ow-again"] == 1
            [found] = [one for one in again.openTrades() if one.order.orderRef == "ow-again"]
            assert found.order.orderId == 50


@pytest.mark.parametrize("code", [10349, 103, 202])
async def test_a_false_error_ends_the_order_for_the_client_alone(serves: Serves, code: int) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        trade = await befallen(gateway, ib, Say(code))
        assert errors.codes == [code]
        assert trade.orderStatus.status == "Cancelled"
        [lives] = gateway.brokerage.book.live()
        assert lives.status == "Submitted"
        await gateway.advance(5)
        await settled(ib)
        assert [fill.execution.shares for fill in trade.fills] == [100, 50]


@pytest.mark.parametrize(
    ("fault", "code", "taken_for", "why"),
    [(UNTIL_OPEN, 399, "ValidationError", ""), (LOCATING, 404, "ValidationError", "locate")],
)
async def test_a_warning_makes_an_order_that_is_held_look_invalid(
    serves: Serves, fault: Hold, code: int, taken_for: str, why: str
) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        trade = await befallen(gateway, ib, fault)
        assert errors.codes == [code]
        assert (trade.orderStatus.status, trade.orderStatus.whyHeld) == (taken_for, why)
        await gateway.advance(3)
        await settled(ib)
        assert trade.fills == []
        await gateway.advance(4)
        await settled(ib)
        assert status(trade) == ("Filled", 150, 0)


async def test_an_inactive_order_goes_live_later(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        trade = await befallen(gateway, ib, INACTIVE)
        assert trade.orderStatus.status == "Inactive"
        assert trade.isDone()
        await gateway.advance(7)
        await settled(ib)
        assert status(trade) == ("Filled", 150, 0)


@pytest.mark.parametrize(("inactive", "ends"), [(True, "Inactive"), (False, "Cancelled")])
async def test_a_rejection_may_turn_the_order_inactive(
    serves: Serves, inactive: bool, ends: str
) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        trade = await befallen(gateway, ib, Refuse(201, inactive=inactive))
        assert errors.codes == [201]
        assert trade.orderStatus.status == ends
        assert gateway.brokerage.book.live() == []
        [done] = await ib.reqCompletedOrdersAsync(False)
        assert done.orderStatus.status == "Inactive"


async def test_a_refused_order_is_nowhere(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        for code in (103, 110, 460):
            errors = Errors(ib)
            trade = await befallen(gateway, ib, Refuse(code))
            assert errors.codes == [code]
            assert trade.orderStatus.status == "Cancelled"
        assert gateway.brokerage.book.orders == {}


@pytest.mark.parametrize("fault", [Refuse(201), Refuse(110), Refuse(201, inactive=True)])
async def test_a_refused_change_leaves_the_order_as_it_was(serves: Serves, fault: Refuse) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        trade = placed(ib, limit("BUY", 10, 90))
        await settled(ib)
        gateway.faults.next(Request.PLACE_ORDER, fault)
        trade.order.lmtPrice = 91
        placed(ib, trade.order)
        await settled(ib)
        [live] = gateway.brokerage.book.live()
        assert live.fields["lmtPrice"] == "90"


async def test_an_error_comes_with_an_answer(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        gateway.faults.next(Request.POSITIONS, Say(2109))
        assert await ib.reqPositionsAsync() == []
        await settled(ib)
        assert errors.codes == [2109]


async def test_the_broker_cancels_an_order(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        trade = await befallen(gateway, ib, CancelledByBroker(1.5))
        await gateway.advance(3)
        await settled(ib)
        assert errors.codes == [202]
        assert status(trade) == ("Cancelled", 100, 50)


@pytest.mark.parametrize("code", [10147, 10148, 161])
async def test_a_refused_cancel_ends_the_order_for_the_client_alone(
    serves: Serves, code: int
) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        trade = placed(ib, limit("BUY", 10, 90))
        await settled(ib)
        errors = Errors(ib)
        gateway.faults.next(Request.CANCEL_ORDER, Refuse(code))
        ib.cancelOrder(trade.order)
        await settled(ib)
        assert errors.codes == [code]
        assert trade.orderStatus.status == "Cancelled"
        assert len(gateway.brokerage.book.live()) == 1


async def test_a_client_id_is_busy_once(serves: Serves) -> None:
    async with serves(faults=Faults({(Request.START_API, 1): Busy()})) as (_, port):
        ib = IB()
        errors = Errors(ib)
        with pytest.raises(TimeoutError):
            await ib.connectAsync(LOOPBACK, port, 1, timeout=1)
        assert errors.codes == [326]
        async with connected(port) as again:
            assert again.isConnected()


async def test_a_change_makes_a_second_live_order(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port, 1) as ib, connected(port, 2) as other:
        trade = placed(ib, limit("BUY", 10, 90, orderRef="ow-a"))
        await settled(ib)
        gateway.faults.next(Request.PLACE_ORDER, SecondPermId())
        trade.order.lmtPrice = 91
        placed(ib, trade.order)
        await settled(ib)
        assert gateway.brokerage.book.by_ref() == {"ow-a": 2}
        heard = heard_by(other, "openOrder")
        await other.reqAllOpenOrdersAsync()
        shown = [(order.permId, order.lmtPrice, order.orderRef) for _, _, order, _ in heard]
        first = gateway.brokerage.book.live()[0].perm_id
        assert shown == [(first, 90, "ow-a"), (first + 1, 91, "ow-a")]
