"""A broker at its pace: never too fast, never twice what may have arrived, reads again and again."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from itertools import chain

import pytest
from hourglass import Hourglass
from hypothesis import given
from hypothesis import strategies as st
from scripted_broker import NOON, ScriptedBroker

from orderworks.brokers.adapter import BrokerAdapter, Report
from orderworks.brokers.paced import PacedBroker
from orderworks.brokers.pacing import TokenBucket
from orderworks.model.errors import (
    BrokerError,
    Disconnected,
    PacingRefused,
    SnapshotIncomplete,
    Unanswered,
    Unreachable,
)
from orderworks.model.order import Order, OrderType, Replacement, Side, TimeInForce

Ask = Callable[[BrokerAdapter, Sequence[str]], Awaitable[list[Report]]]


async def submit(broker: BrokerAdapter, names: Sequence[str]) -> list[Report]:
    terms = (Side.BUY, 1, OrderType.MARKET, None, TimeInForce.DAY)
    return await broker.submit_orders([Order(name, "SCRIPT-1", "A", *terms) for name in names])


async def cancel(broker: BrokerAdapter, names: Sequence[str]) -> list[Report]:
    return await broker.cancel_orders(names)


async def replace(broker: BrokerAdapter, names: Sequence[str]) -> list[Report]:
    return await broker.replace_orders([Replacement(name, 1, Decimal(1), None) for name in names])


ASKS = pytest.mark.parametrize("ask", [submit, cancel, replace])
BROKEN = pytest.mark.parametrize("kind", [Unanswered, Disconnected, Unreachable])


def paced(
    *script: BrokerError | None, limit: int = 0, patience: float = 60
) -> tuple[PacedBroker, ScriptedBroker]:
    glass = Hourglass()
    broker = ScriptedBroker(glass, list(script))
    bucket = TokenBucket.within(limit, 0.0) if limit else None
    return PacedBroker(broker, bucket, glass.patience(patience)), broker


def named(reports: Sequence[Report]) -> list[str]:
    return [report.client_order_id for report in reports]


@given(limit=st.integers(1, 100), batches=st.lists(st.integers(0, 60), max_size=8))
async def test_whatever_is_asked_no_second_holds_more_than_the_limit(
    limit: int, batches: list[int]
) -> None:
    broker, inner = paced(limit=limit)
    names = [[f"{n}-{i}" for i in range(size)] for n, size in enumerate(batches)]
    for batch, ask in zip(names, [submit, cancel, replace] * 3, strict=False):
        assert named(await ask(broker, batch)) == batch
    left = [(at, len(batch)) for at, batch in inner.accepted]
    assert [name for _, batch in inner.accepted for name in batch] == list(chain(*names))
    for begins, _ in left:
        assert sum(n for at, n in left if begins <= at < begins + 1 - 1e-6) <= limit


async def test_a_broker_without_a_pace_is_sent_all_at_once() -> None:
    broker, inner = paced()
    assert await broker.room_for(10_000) == 10_000
    await submit(broker, ["a", "b", "c"])
    assert inner.accepted == [(0.0, ("a", "b", "c"))]
    assert inner.glass.waits == []


async def test_room_is_what_may_leave_at_once() -> None:
    broker, inner = paced(limit=50)
    assert await broker.room_for(3) == 3
    assert await broker.room_for(99) == 10
    await submit(broker, [str(n) for n in range(10)])
    assert await broker.room_for(99) == 10
    # The room is there: what is sent into it does not wait.
    waited = inner.glass.passed
    assert waited == pytest.approx(10 / 41)
    await submit(broker, [str(n) for n in range(10)])
    assert inner.glass.passed == waited


@ASKS
@BROKEN
async def test_what_may_have_arrived_is_never_repeated(ask: Ask, kind: type[BrokerError]) -> None:
    broker, inner = paced(kind("it broke"))
    with pytest.raises(kind, match="it broke"):
        await ask(broker, ["a"])
    assert (inner.calls, inner.glass.waits) == (1, [])


@ASKS
@BROKEN
async def test_a_line_that_breaks_half_way_leaves_the_rest_without_a_report(
    ask: Ask, kind: type[BrokerError]
) -> None:
    broker, inner = paced(None, kind("it broke"), limit=5)
    assert named(await ask(broker, ["a", "b", "c"])) == ["a"]
    assert inner.calls == 2


@pytest.mark.parametrize("ask", [submit, replace])
async def test_what_came_too_fast_is_told_after_a_wait_as_it_needs_a_new_permission(
    ask: Ask,
) -> None:
    broker, inner = paced(PacingRefused("too fast"), limit=50)
    with pytest.raises(PacingRefused):
        await ask(broker, ["a", "b"])
    assert inner.accepted == []
    refused = inner.glass.passed
    assert refused > 0
    assert await broker.room_for(10) == 10
    # The bucket was emptied, and fills at half its rate.
    assert inner.glass.passed == pytest.approx(10 / 20.5, rel=0.05)


async def test_a_cancel_that_came_too_fast_is_asked_for_again() -> None:
    broker, inner = paced(None, *[PacingRefused("too fast")] * 3, limit=10)
    assert named(await cancel(broker, ["a", "b", "c"])) == ["a", "b", "c"]
    assert [names for _, names in inner.accepted] == [("a", "b"), ("c",)]


async def test_refusals_lengthen_the_waits_until_something_is_accepted() -> None:
    broker, inner = paced(*[PacingRefused("too fast")] * 5)
    await cancel(broker, ["a"])
    waits = inner.glass.waits
    assert len(waits) == 5
    for n, wait in enumerate(waits):
        assert 0.05 * 2**n <= wait <= 0.1 * 2**n
    inner.script = [PacingRefused("too fast")]
    await cancel(broker, ["b"])
    assert waits[-1] <= 0.1


async def test_a_broker_that_only_ever_refuses_is_given_up_when_patience_ends() -> None:
    broker, inner = paced(*[PacingRefused("too fast")] * 1_000, patience=30)
    with pytest.raises(
        BrokerError, match=r"waited for 30 s \(broker\.patience_seconds\) in vain: too fast"
    ):
        await cancel(broker, ["a"])
    assert inner.glass.passed == pytest.approx(30)


@pytest.mark.parametrize(
    "kind", [Unanswered, Disconnected, Unreachable, PacingRefused, SnapshotIncomplete]
)
async def test_reads_are_repeated_with_longer_and_longer_waits(kind: type[BrokerError]) -> None:
    reads: list[Callable[[BrokerAdapter], Awaitable[object]]] = [
        lambda broker: broker.snapshot(),
        lambda broker: broker.get_portfolio(),
        lambda broker: broker.get_order_status("a"),
        lambda broker: broker.connect(),
        lambda broker: broker.market_time(),
    ]
    for read in reads:
        broker, inner = paced(*[kind("nothing")] * 4)
        await read(broker)
        assert inner.calls == 5
        assert inner.glass.waits == sorted(inner.glass.waits)
        assert len(inner.glass.waits) == 4


async def test_a_read_gives_up_when_patience_ends_and_at_once_without_any() -> None:
    broker, inner = paced(*[Disconnected("gone")] * 1_000, patience=60)
    with pytest.raises(BrokerError, match="in vain: gone; then run the same command again"):
        await broker.snapshot()
    assert inner.glass.passed == pytest.approx(60)
    broker, inner = paced(Disconnected("gone"), patience=0)
    with pytest.raises(Disconnected, match=r"^gone$"):
        await broker.snapshot()
    assert inner.glass.waits == []


async def test_a_refusal_is_told_at_once() -> None:
    broker, inner = paced(BrokerError("another account"))
    with pytest.raises(BrokerError, match=r"^another account$"):
        await broker.connect()
    assert inner.calls == 1


async def test_events_pass_through_and_are_not_repeated() -> None:
    broker, inner = paced(Unanswered("nothing"))
    with pytest.raises(Unanswered):
        [batch async for batch in broker.events(NOON)]
    assert [batch async for batch in broker.events(NOON)] == [[]]
    assert inner.calls == 2
