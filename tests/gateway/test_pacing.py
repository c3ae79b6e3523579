"""Fifty messages a second: what goes beyond is refused, and the third time cut off."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from ib_async import IB

from orderworks.model.loopback import LOOPBACK

from .answers import Answer
from .clients import Errors, limit, placed
from .conftest import Serves
from .pacing import Pacing, Verdict
from .requests import Request
from .running import connected, settled


def test_each_second_may_be_exceeded_twice() -> None:
    pacing = Pacing(limit=2, breaches=3)
    verdicts = [pacing.take(at) for at in (0, 0.1, 0.2, 0.3, 1.0, 1.1, 1.2, 2.0, 2.1, 2.3)]
    taken, refused, cut = Verdict.TAKEN, Verdict.REFUSED, Verdict.CUT
    assert verdicts == [taken, taken, refused, refused, taken, taken, refused, taken, taken, cut]


@given(st.lists(st.floats(0, 0.2), max_size=200))
def test_no_second_has_more_than_the_limit(pauses: list[float]) -> None:
    pacing, at, taken = Pacing(limit=5, breaches=1000), 0.0, []
    for pause in pauses:
        at += pause
        if pacing.take(at) is Verdict.TAKEN:
            taken.append(at)
    assert all(later - earlier >= 1 for earlier, later in zip(taken, taken[5:], strict=False))


def test_who_keeps_to_the_limit_is_never_refused() -> None:
    pacing = Pacing()
    assert {pacing.take(number / 49) for number in range(500)} == {Verdict.TAKEN}


async def test_a_burst_is_refused_beyond_the_limit_and_the_client_stays(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        ib.client.MaxRequests = 0
        before = len([*gateway.log.of(Request.PLACE_ORDER)])
        for _ in range(60):
            placed(ib, limit("BUY", 1, 90))
        while 100 not in errors.codes or len(errors) < 60 - len(gateway.brokerage.book.orders):
            await ib.updateEvent
        assert before == 0
        assert len(gateway.brokerage.book.orders) == 60 - errors.codes.count(100) < 60
        assert ib.isConnected()


async def test_one_breach_too_many_cuts_the_client_off(serves: Serves) -> None:
    async with serves() as (gateway, port):
        ib = IB()
        await ib.connectAsync(LOOPBACK, port, 1)
        gateway.sessions[0].pacing.limit = 1
        gateway.sessions[0].pacing.breaches = 1
        gone = asyncio.Event()
        ib.disconnectedEvent += gone.set
        ib.client.reqCurrentTime()
        ib.client.reqCurrentTime()
        await asyncio.wait_for(gone.wait(), 5)
        assert 100 in [one["code"] for one in gateway.log.of(Answer.ERROR)]
        assert gateway.sessions == []


async def test_the_client_s_own_pacing_keeps_within(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        for _ in range(60):
            placed(ib, limit("BUY", 1, 90))
        await settled(ib)
        assert errors.codes == []
        assert len(gateway.brokerage.book.orders) == 60
