"""The gateway loses its link to the broker, and the client stays connected."""

from collections import Counter

import pytest
from ib_async import ExecutionFilter

from .clients import Errors, befallen, limit, placed, status
from .conftest import Serves
from .faults import LoseLink
from .running import connected, settled


@pytest.mark.parametrize(("kept", "code"), [(True, 1102), (False, 1101)])
async def test_fills_while_the_link_is_lost_are_only_found_by_asking(
    serves: Serves, kept: bool, code: int
) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        trade = await befallen(gateway, ib, LoseLink(10, data_kept=kept))
        assert (errors.codes, ib.isConnected()) == ([1100], True)
        await gateway.advance(12)
        await settled(ib)
        assert errors.codes == [1100, code]
        assert trade.fills == []
        found = await ib.reqExecutionsAsync(ExecutionFilter())
        assert [fill.execution.shares for fill in found] == [100, 50]


@pytest.mark.parametrize(
    ("resubmits", "there"), [(True, {"ow-a": 1, "ow-b": 1}), (False, {"ow-a": 1})]
)
async def test_what_is_sent_while_the_link_is_lost_is_lost_or_sent_later(
    serves: Serves, resubmits: bool, there: Counter[str]
) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        trade = await befallen(gateway, ib, LoseLink(10, resubmits=resubmits, tells=True))
        later = placed(ib, limit("BUY", 10, 90, orderRef="ow-b"))
        await settled(ib)
        assert later.orderStatus.status == "PendingSubmit"
        await gateway.advance(12)
        await settled(ib)
        assert status(trade) == ("Filled", 150, 0)
        assert gateway.brokerage.book.by_ref() == there


async def test_everyone_is_told_what_is_of_no_request(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port, 1) as one, connected(port, 2) as two:
        heard = [Errors(one), Errors(two)]
        gateway.announce(2110)
        await settled(one)
        await settled(two)
        assert heard == [[(-1, 2110)], [(-1, 2110)]]
