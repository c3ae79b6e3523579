"""A wave of more orders than one batch: each is sent once, and what stops it stops it between two."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from unreliable_broker import received, require_equal_books, send_due
from working_orders import ACCOUNT, order, plan_orders, state_of

from orderworks.brokers.adapter import Report
from orderworks.desk import leaving, reports
from orderworks.desk.desk import Desk
from orderworks.desk.reconciliation import reconcile
from orderworks.ledger.connection import open_ledger
from orderworks.ledger.controls import throw_kill_switch
from orderworks.model.errors import BrokerError, KillSwitchThrown
from orderworks.model.order import Order

Act = Callable[[], Awaitable[None]]
NAMES = [f"q{number}" for number in range(5)]


@pytest.fixture(autouse=True)
def small_batches(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two orders a batch, five orders to send, and nothing of the planned family."""
    monkeypatch.setattr(leaving, "BATCH", 2)
    monkeypatch.setattr(reports, "BATCH", 2)
    plan_orders(
        desk.ledger, *(order(name, 10, algo="none") for name in NAMES), run_key="five plain orders"
    )


def before_each_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch, act: Act) -> None:
    """Something happens when a batch has reached the exchange and its answer is still to come."""
    submit = desk.broker.submit_orders

    async def submit_and_act(orders: Sequence[Order]) -> list[Report]:
        answer = await submit(orders)
        await act()
        return answer

    monkeypatch.setattr(desk.broker, "submit_orders", submit_and_act)


async def test_each_order_of_a_large_wave_is_sent_once_and_booked(desk: Desk) -> None:
    assert (await send_due(desk)).sent == len(NAMES) + 1
    assert sorted(await received(desk)) == sorted(["p-0", *NAMES])
    assert {state_of(desk.ledger, name) for name in NAMES} == {"SUBMITTED"}
    assert (await reconcile(desk, None)).is_clean
    await require_equal_books(desk)


async def test_a_kill_while_a_batch_is_on_its_way_stops_every_one_after_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throw() -> None:
        with open_ledger(desk.url) as other:
            throw_kill_switch(other, ACCOUNT, "the feed is wrong")

    before_each_answer(desk, monkeypatch, lambda: asyncio.to_thread(throw))
    with pytest.raises(KillSwitchThrown, match="the feed is wrong"):
        await send_due(desk)
    await desk.written()
    gone = await received(desk)
    assert len(gone) == 2
    for name in ["p-0", *NAMES]:
        assert state_of(desk.ledger, name) == ("SUBMITTED" if name in gone else "NEW"), name


async def test_a_line_that_breaks_between_batches_leaves_the_others_unsent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down() -> None:
        raise BrokerError("the line went down")

    before_each_answer(desk, monkeypatch, break_down)
    with pytest.raises(BrokerError, match="went down"):
        await send_due(desk)
    gone = await received(desk)
    assert len(gone) == 2
    monkeypatch.undo()
    assert (await reconcile(desk, None)).is_clean
    for name in ["p-0", *NAMES]:
        assert state_of(desk.ledger, name) == ("SUBMITTED" if name in gone else "NEW"), name


async def test_what_a_write_failed_with_is_told_to_whoever_waits_for_it(desk: Desk) -> None:
    def fail() -> None:
        raise OSError("the disk is full")

    await desk.write(fail)
    with pytest.raises(OSError, match="the disk is full"):
        await desk.written()
    await desk.written()


async def test_an_account_whose_broker_cannot_be_reached_is_free_for_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.hand_back()

    async def unreachable() -> None:
        raise BrokerError("nobody answers")

    monkeypatch.setattr(desk.broker, "connect", unreachable)
    with pytest.raises(BrokerError, match="nobody answers"):
        await desk.take_over()
    assert desk.lease is None
    monkeypatch.undo()
    assert await desk.take_over()
