"""Fifty messages a second: what goes beyond is refused, and the third time cut off."""

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st
from ib_async import IB

from orderworks.model.loopback import LOOPBACK

from .answers import Answer
from .arrivals import Arrivals, TimedReader
from .clients import Errors, heard_by, limit, placed
from .conftest import Serves
from .pacing import Pacing, Verdict
from .requests import Request
from .running import connected, settled, until


def test_each_second_may_be_exceeded_twice() -> None:
    pacing = Pacing(limit=2, breaches=3, window=1)
    verdicts = [pacing.take(at) for at in (0, 0.1, 0.2, 0.3, 1.0, 1.1, 1.2, 2.0, 2.1, 2.3)]
    taken, refused, cut = Verdict.TAKEN, Verdict.REFUSED, Verdict.CUT
    assert verdicts == [taken, taken, refused, refused, taken, taken, refused, taken, taken, cut]


@given(st.lists(st.floats(0, 0.2), max_size=200))
def test_no_second_has_more_than_the_limit(pauses: list[float]) -> None:
    pacing, at, taken = Pacing(limit=5, breaches=1000, window=1), 0.0, []
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
        errors, answers = Errors(ib), heard_by(ib, "nextValidId")
        ib.client.MaxRequests = 0
        for _ in range(60):
            ib.client.reqIds(1)
        await until(ib, lambda: len(answers) + errors.codes.count(100) == 60)
        assert 0 < errors.codes.count(100) < 60
        assert len([*gateway.log.of(Request.IDS)]) == len(answers)
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


async def test_what_arrived_in_time_is_not_late_because_others_took_long() -> None:
    arrivals = Arrivals()
    reader = TimedReader(arrivals)
    arrivals.note(5)
    before = time.monotonic()
    arrivals.note(6)
    reader.feed_data(b"firstsecond")
    assert await reader.readexactly(2) == b"fi"
    assert reader.arrived <= before
    assert await reader.readexactly(3) == b"rst"
    assert reader.arrived <= before
    assert await reader.readexactly(1) == b"s"
    assert reader.arrived >= before


async def test_the_client_s_own_pacing_keeps_within(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        errors = Errors(ib)
        for _ in range(60):
            placed(ib, limit("BUY", 1, 90))
        await settled(ib)
        assert errors.codes == []
        assert len(gateway.brokerage.book.orders) == 60
