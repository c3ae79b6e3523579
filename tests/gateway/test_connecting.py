"""The unmodified client connects, at every server version that it speaks."""

import asyncio
from pathlib import Path

import pytest
from ib_async import IB, TagValue

from orderworks.model.loopback import LOOPBACK

from .answers import Answer
from .clients import ACME, Errors, limit, placed
from .conftest import Serves
from .gateway import LIVE_ACCOUNT, Gateway, paper_terms
from .layouts import Unreadable, frame, read_frame
from .requests import Request
from .running import connected, settled
from .small_session import SESSION, market

VERSIONS = (157, 158, 159, 160, 162, 163, 164, 166, 169, 170, 176, 177, 178)


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_order_lives_at_every_server_version(serves: Serves, version: int) -> None:
    async with (
        serves(version=version) as (gateway, port),
        connected(port, 1, raiseSyncErrors=True) as ib,
        connected(port, 2) as other,
    ):
        assert ib.client.serverVersion() == version
        await gateway.advance(1)
        rests = placed(
            ib,
            limit(
                "BUY",
                100,
                90,
                orderRef="ow-rests",
                tif="GTD",
                goodTillDate="20261120 15:00:00 US/Eastern",
                algoStrategy="Adaptive",
                algoParams=[TagValue("adaptivePriority", "Patient")],
            ),
        )
        fills = placed(ib, limit("BUY", 100, 101, orderRef="ow-fills"))
        await settled(ib)
        await gateway.advance(2)
        await settled(ib)
        assert fills.orderStatus.status == "Filled"
        assert fills.fills[0].commissionReport.commission == 1
        details = await ib.reqContractDetailsAsync(ACME)
        assert [one.contract.symbol for one in details if one.contract] == ["ACME"]
        [seen] = await other.reqAllOpenOrdersAsync()
        assert (seen.order.orderRef, seen.order.clientId) == ("ow-rests", 1)
        assert (seen.order.permId, seen.order.orderId) == (
            rests.order.permId,
            rests.order.orderId,
        )
        assert (seen.order.tif, seen.order.lmtPrice) == ("GTD", 90)
        assert seen.order.algoParams == [TagValue("adaptivePriority", "Patient")]
        [done] = await other.reqCompletedOrdersAsync(False)
        assert (done.order.orderRef, done.order.permId) == ("ow-fills", fills.order.permId)
        assert (done.order.filledQuantity, done.order.orderId) == (100, 0)


async def test_a_server_that_is_too_old_is_refused_by_the_client(serves: Serves) -> None:
    async with serves(version=156) as (_, port):
        ib = IB()
        with pytest.raises(TimeoutError):
            await ib.connectAsync(LOOPBACK, port, 1, timeout=0.3)


async def test_a_client_id_in_use_is_refused(serves: Serves) -> None:
    async with serves() as (_, port), connected(port, 1):
        second = IB()
        errors = Errors(second)
        with pytest.raises(TimeoutError):
            await second.connectAsync(LOOPBACK, port, 1, timeout=1)
        assert errors.codes == [326]


async def test_what_cannot_be_read_ends_the_connection_and_is_told_at_the_end(
    broker_url: str, small_market: Path
) -> None:
    gateway = Gateway(broker_url, market(small_market), SESSION, paper_terms("DU1"))
    port = await gateway.start()
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(b"API\0" + frame(["v157..178"]) + frame([str(Request.PLACE_ORDER.value), "7"]))
    # The versions are answered, and then nothing more.
    assert (await read_frame(reader))[0] == "178"
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(ExceptionGroup) as failed:
        await gateway.stop()
    assert failed.group_contains(Unreadable)


async def test_a_client_id_is_free_again_after_its_client_was_cut_off(serves: Serves) -> None:
    async with serves() as (gateway, port):
        async with connected(port, 1):
            gateway.cut(1)
        async with connected(port, 1) as again:
            assert again.isConnected()


async def test_the_account_tells_paper_from_live(serves: Serves, account: str) -> None:
    async with serves() as (_, port), connected(port) as ib:
        assert ib.managedAccounts() == [account]
    async with serves(terms=paper_terms(LIVE_ACCOUNT)) as (_, port), connected(port) as ib:
        assert ib.managedAccounts() == ["U1234567"]


async def test_each_client_has_ids_of_its_own(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port, 1) as ib:
        await gateway.advance(1)
        ib.client.updateReqId(40)
        placed(ib, limit("BUY", 1, 90))
        await settled(ib)
        ib.client.reqIds(1)
        await settled(ib)
        assert [one["orderId"] for one in gateway.log.of(Answer.NEXT_VALID_ID)] == [1, 41]
        async with connected(port, 2):
            assert [*gateway.log.of(Answer.NEXT_VALID_ID, client_id=2)] == [{"orderId": 1}]


async def test_the_gateway_tells_the_market_s_time(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(30)
        assert await ib.reqCurrentTimeAsync() == gateway.clock.now()
