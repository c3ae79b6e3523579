"""Connecting: only to the gateway that was meant, under one client id, within its time."""

import asyncio
from datetime import datetime

import pytest
from gateway.faults import Busy, Lose, RollBack
from gateway.gateway import LIVE_ACCOUNT, PAPER_ACCOUNT
from gateway.requests import Request
from served_broker import Serving, kinds, limit, shown

from orderworks.model.errors import BrokerError, Disconnected, Unreachable


async def test_a_busy_client_id_is_waited_for(serving: Serving) -> None:
    async with serving() as served:
        served.gateway.faults.script = {
            (Request.START_API, 1): Busy(),
            (Request.START_API, 2): Busy(),
        }
        async with served.working():
            ids = [one["clientId"] for one in served.gateway.log.of(Request.START_API)]
            assert ids == ["1", "1", "1"]


async def test_no_other_client_id_is_ever_taken(serving: Serving) -> None:
    async with serving() as served, served.working():
        second = served.broker(connect_seconds=0.5)
        with pytest.raises(Unreachable, match=r"client 1 .*another program .*326"):
            await second.connect()
        await second.close()
        ids = {one["clientId"] for one in served.gateway.log.of(Request.START_API)}
        assert ids == {"1"}


async def test_a_gateway_that_is_not_there_or_silent_is_said_so(serving: Serving) -> None:
    async with serving() as served:
        broker = served.broker(port=1, connect_seconds=0.3)
        with pytest.raises(Unreachable, match="nothing listens there"):
            await broker.connect()
        await broker.close()
        served.gateway.faults.next(Request.START_API, Lose())
        silent = served.broker(connect_seconds=0.3)
        with pytest.raises(Unreachable, match="did not answer"):
            await silent.connect()
        await silent.close()


@pytest.mark.parametrize(
    ("managed", "configured", "paper", "says"),
    [
        (LIVE_ACCOUNT, PAPER_ACCOUNT, True, "live account U1234567"),
        (PAPER_ACCOUNT, LIVE_ACCOUNT, False, "paper account DU1234567"),
    ],
)
async def test_only_the_account_that_was_meant_is_worked(
    serving: Serving, managed: str, configured: str, paper: bool, says: str
) -> None:
    async with serving(managed) as served:
        broker = served.broker(account_id=configured, paper=paper)
        with pytest.raises(BrokerError, match=says):
            await broker.connect()
        with pytest.raises(Disconnected):
            await broker.submit_orders([limit("a", 1, "99")])
        await broker.close()
        assert served.received(Request.PLACE_ORDER) == 0


async def test_nothing_is_sent_before_a_snapshot(serving: Serving) -> None:
    async with serving() as served:
        broker = served.broker()
        await broker.connect()
        with pytest.raises(Disconnected, match="no whole snapshot"):
            await broker.submit_orders([limit("a", 1, "99")])
        await broker.close()
        assert served.received(Request.PLACE_ORDER) == 0


async def test_what_rests_is_cancelled_by_a_process_that_did_not_send_it(serving: Serving) -> None:
    async with serving() as served:
        async with served.working() as first:
            await first.submit_orders([limit("a", 100, "99"), limit("b", 100, "99")])
        second = served.broker()
        await second.connect()
        assert kinds(await second.cancel_orders(["ow-a"])) == ["ACKNOWLEDGED"] * 2 + ["CANCELLED"]
        assert shown(await second.snapshot(), "b") == [("SUBMITTED", 0, 100)]
        await second.close()


async def test_numbers_never_go_back_even_if_the_gateways_do(serving: Serving) -> None:
    async with serving() as served:
        async with served.working() as first:
            await first.submit_orders([limit(f"a{i}", 10, "99") for i in range(5)])
        served.gateway.faults.next(Request.START_API, RollBack(100))
        async with served.working() as second:
            placed = await second.submit_orders([limit("b", 10, "99")])
            assert kinds(placed, "b") == ["ACKNOWLEDGED"]
        numbers = [int(one["orderId"]) for one in served.gateway.log.of(Request.PLACE_ORDER)]
        assert numbers == sorted(set(numbers))


async def test_nothing_is_sent_while_the_gateway_restarts(serving: Serving) -> None:
    # The session opens at 09:30 in New York, on a Friday.
    async with serving() as served, served.working(no_send=("09:00-10:00",)) as broker:
        with pytest.raises(BrokerError, match=r"Fri 09:30 in New York.*09:00-10:00"):
            await broker.submit_orders([limit("a", 1, "99")])
        assert served.received(Request.PLACE_ORDER) == 0


async def test_questions_take_turns(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "99")])
        looks = await asyncio.gather(*(broker.get_portfolio() for _ in range(5)))
        assert len({look.cash for look in looks}) == 1


async def test_a_question_that_nobody_waits_for_any_more_ends_its_connection(
    serving: Serving,
) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Request.ALL_OPEN_ORDERS, Lose())
        looking = asyncio.create_task(broker.snapshot())
        await asyncio.sleep(0.1)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        with pytest.raises(Disconnected):
            await broker.submit_orders([limit("a", 1, "99")])
        await broker.snapshot()
        assert served.received(Request.START_API) == 2


async def test_time_is_the_walls(serving: Serving) -> None:
    async with serving() as served:
        broker = served.broker()
        assert await broker.market_time() is None
        assert (broker.provider, broker.account, broker.mode) == ("ibkr", PAPER_ACCOUNT, "paper")
        until: datetime = served.gateway.clock.now()
        with pytest.raises(Disconnected):
            [_ async for _ in broker.events(until)]
