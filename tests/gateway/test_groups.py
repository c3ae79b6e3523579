"""Orders that belong together: brackets that wait for their last order, and groups of one cancels all."""

import pytest
from ib_async import IB, Trade

from .clients import ACME, Errors, limit, placed, status
from .conftest import Serves
from .running import connected, settled


def _bracket(ib: IB, quantity: float = 150) -> list[Trade]:
    """An entry at the market with a target at 101.50 and a stop at 99.50, sent one by one."""
    orders = ib.bracketOrder("BUY", quantity, 100.05, 101.5, 99.5)
    for order in orders:
        order.tif = "DAY"
    return [placed(ib, order) for order in orders]


async def test_nothing_of_a_bracket_works_before_its_last_order(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        orders = ib.bracketOrder("BUY", 150, 100.05, 101.5, 99.5)
        for order in orders:
            order.tif = "DAY"
        for order in orders[:2]:
            placed(ib, order)
        await settled(ib)
        await gateway.advance(3)
        await settled(ib)
        assert [trade.orderStatus.status for trade in ib.trades()] == ["PendingSubmit"] * 2
        assert gateway.brokerage.book.by_ref() == {}
        assert await ib.reqAllOpenOrdersAsync() == []
        placed(ib, orders[2])
        await settled(ib)
        shown = await ib.reqAllOpenOrdersAsync()
        entry, target, stop = sorted(shown, key=lambda trade: trade.order.orderId)
        assert entry.orderStatus.status == "Submitted"
        assert {target.orderStatus.status, stop.orderStatus.status} == {"PreSubmitted"}
        assert target.orderStatus.parentId == stop.orderStatus.parentId == entry.order.orderId


async def test_the_exits_of_a_bracket_cancel_one_another(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        entry, target, stop = _bracket(ib)
        await settled(ib)
        await gateway.advance(1)
        await settled(ib)
        assert status(entry) == ("Submitted", 100, 50)
        assert target.orderStatus.status == "Submitted"
        assert stop.orderStatus.status == "PreSubmitted"
        await gateway.advance(25)
        await settled(ib)
        assert status(entry) == ("Filled", 150, 0)
        assert status(stop) == ("Filled", 150, 0)
        assert target.orderStatus.status == "Cancelled"
        assert ib.positions() == []


async def test_a_bracket_goes_with_its_entry(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        entry, target, stop = (
            placed(ib, order) for order in ib.bracketOrder("BUY", 10, 90, 101.5, 85, tif="DAY")
        )
        await settled(ib)
        ib.cancelOrder(entry.order)
        await settled(ib)
        assert {one.orderStatus.status for one in (entry, target, stop)} == {"Cancelled"}
        assert gateway.brokerage.book.live() == []


async def test_an_entry_that_was_not_transmitted_is_cancelled_in_the_gateway(
    serves: Serves,
) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        trade = placed(ib, limit("BUY", 10, 90, transmit=False))
        await settled(ib)
        ib.cancelOrder(trade.order)
        await settled(ib)
        assert trade.orderStatus.status == "Cancelled"
        assert gateway.brokerage.book.live() == []


async def test_two_of_a_group_never_fill_more_than_one_of_them_is(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        errors = Errors(ib)
        trades = [
            placed(ib, limit("BUY", 150, 100.05, ocaGroup="both", ocaType=1)) for _ in range(2)
        ]
        await settled(ib)
        await gateway.advance(10)
        await settled(ib)
        assert sum(trade.filled() for trade in trades) == 150
        assert all(trade.isDone() for trade in trades)
        assert set(errors.codes) == {202}, "nobody asked for a cancel that could be refused"


async def test_a_fill_cancels_the_rest_before_the_market_goes_on(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        fills, rests = (
            placed(ib, limit("BUY", quantity, price, ocaGroup="steps", ocaType=1))
            for quantity, price in ((350, 100.05), (350, 99.05))
        )
        await settled(ib)
        # In one go, over the fall to 99 at which the other order would have filled.
        await gateway.advance(30)
        await settled(ib)
        assert status(fills) == ("Filled", 350, 0)
        assert status(rests) == ("Cancelled", 0, 350)


async def test_what_was_taken_back_before_it_was_transmitted_does_not_go_along(
    serves: Serves,
) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        entry, target, stop = ib.bracketOrder("BUY", 10, 90, 101.5, 85, tif="DAY")
        placed(ib, entry)
        placed(ib, target)
        ib.cancelOrder(target)
        placed(ib, stop)
        await settled(ib)
        live = [one.order_id for one in gateway.brokerage.book.live()]
        assert live == [entry.orderId, stop.orderId]
        assert await ib.reqCompletedOrdersAsync(False) == []


@pytest.mark.parametrize(
    ("oca_type", "after_a_part"), [(1, "Cancelled"), (2, "Submitted"), (3, "Submitted")]
)
async def test_a_group_cancels_the_rest_at_a_fill_or_at_the_last(
    serves: Serves, oca_type: int, after_a_part: str
) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        group = {"ocaGroup": f"pair-{oca_type}", "ocaType": oca_type}
        fills, rests = (
            placed(ib, limit("BUY", 150, price, **group), ACME) for price in (100.05, 95)
        )
        await settled(ib)
        await gateway.advance(1)
        await settled(ib)
        assert status(fills) == ("Submitted", 100, 50)
        assert rests.orderStatus.status == after_a_part
        await gateway.advance(2)
        await settled(ib)
        assert fills.orderStatus.status == "Filled"
        assert rests.orderStatus.status == "Cancelled"
