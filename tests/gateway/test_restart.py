"""What the broker has outlives the gateway: orders, permIds, executions; connections do not."""

from ib_async import Trade

from .answers import Answer
from .clients import ACME, BOLT, limit, placed
from .conftest import Serves
from .running import connected, settled
from .small_session import NEXT, THIRD


async def test_a_restarted_gateway_has_everything_that_the_broker_had(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        ib.client.updateReqId(30)
        fills = placed(ib, limit("BUY", 150, 100.05, orderRef="ow-fills"))
        rests = placed(ib, limit("BUY", 10, 90, orderRef="ow-rests"))
        waits = placed(ib, limit("BUY", 10, 90, orderRef="ow-waits", transmit=False))
        await settled(ib)
        await gateway.advance(1)
        await settled(ib)
        before = {trade.order.orderRef: trade.order.permId for trade in (fills, rests)}
        executions = [fill.execution.execId for fill in fills.fills]
    async with serves() as (gateway, port), connected(port) as ib:
        assert gateway.clock.now().second == 2
        # What had not been transmitted was in the gateway only; its id is used up all the same.
        assert waits.order.orderId == 32
        assert [one["orderId"] for one in gateway.log.of(Answer.NEXT_VALID_ID)] == [33]
        live = {trade.order.orderRef: trade for trade in await ib.reqAllOpenOrdersAsync()}
        assert {ref: trade.order.permId for ref, trade in live.items()} == before
        assert live["ow-fills"].orderStatus.filled == 100
        assert [fill.execution.execId for fill in ib.fills()] == executions
        await gateway.advance(5)
        await settled(ib)
        assert live["ow-fills"].orderStatus.status == "Filled"
        assert len(ib.fills()) == 2


async def test_corrections_are_kept(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        trade = placed(ib, limit("BUY", 100, 100.05))
        await settled(ib)
        await gateway.advance(3)
        await settled(ib)
        gateway.correct(trade.fills[0].execution.execId, 60, "100.02")
        await settled(ib)
        assert ib.positions()[0].position == 60
    async with serves() as (gateway, port), connected(port) as ib:
        assert ib.positions()[0].position == 60
        assert [fill.execution.execId[-3:] for fill in ib.fills()] == [".01", ".02"]


async def test_day_orders_end_with_their_session_and_others_go_on(serves: Serves) -> None:
    def sent(tif: str) -> Trade:
        return placed(ib, limit("BUY", 10, 90, tif=tif, orderRef=f"ow-{tif}"), ACME)

    async with serves() as (_, port), connected(port) as ib:
        day, kept = sent("DAY"), sent("GTC")
        await settled(ib)
        assert {day.orderStatus.status, kept.orderStatus.status} == {"Submitted"}
    async with serves(NEXT) as (_, port), connected(port) as ib:
        assert [trade.order.orderRef for trade in ib.openTrades()] == ["ow-GTC"]
        assert ib.fills() == []


async def test_what_an_order_filled_sessions_ago_is_known(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(19)
        trade = placed(ib, limit("BUY", 350, 99.05, tif="GTC"))
        await settled(ib)
        await gateway.advance(2)
        await settled(ib)
        assert 0 < trade.filled() < 350
    async with serves(NEXT) as (gateway, port), connected(port) as ib:
        await gateway.advance(1)
        placed(ib, limit("BUY", 10, 50.05), BOLT)
        await settled(ib)
        await gateway.advance(2)
    async with serves(THIRD) as (_, port), connected(port) as ib:
        [again] = ib.openTrades()
        told = again.orderStatus
        assert (told.filled, told.avgFillPrice) == (trade.filled(), trade.orderStatus.avgFillPrice)
        assert ib.fills() == []


async def test_a_day_order_ends_at_the_close(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        trade = placed(ib, limit("BUY", 10, 90))
        await settled(ib)
        await gateway.advance_to(gateway.brokerage.board.session.close)
        await settled(ib)
        assert trade.orderStatus.status == "Cancelled"
