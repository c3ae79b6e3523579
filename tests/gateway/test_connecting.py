"""The unmodified client connects, places and fills."""

import pytest
from ib_async import LimitOrder, Stock

from .conftest import Serves
from .running import connected, settled

ACME = Stock("ACME", "SMART", "USD")


@pytest.mark.parametrize("version", [157, 163, 176, 178])
async def test_first(serves: Serves, version: int) -> None:
    async with (
        serves(version=version) as (gateway, port),
        connected(port, raiseSyncErrors=True) as ib,
    ):
        assert ib.client.serverVersion() == version
        await gateway.advance(2)
        trade = ib.placeOrder(ACME, LimitOrder("BUY", 100, 100.5, tif="DAY", orderRef="ow-1"))
        await settled(ib)
        print(trade)
        await gateway.advance(5)
        await settled(ib)
        print(trade)
        assert trade.orderStatus.status == "Filled"
        assert ib.positions()[0].position == 100
