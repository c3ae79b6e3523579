"""A wave of more orders than one batch: each is sent once, and what stops it stops it between two."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from unreliable_broker import attempts, received, require_equal_books, send_due
from working_orders import ACCOUNT, order, plan_orders, state_of

from orderworks.brokers.adapter import Report
from orderworks.desk import leaving, reports
from orderworks.desk.desk import Desk
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.releasing import due_now
from orderworks.desk.submission import send
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.controls import throw_kill_switch
from orderworks.ledger.leases import take_lease
from orderworks.ledger.orders import open_orders
from orderworks.ledger.stopped_runs import cancel_run
from orderworks.model.errors import (
    BrokerError,
    KillSwitchThrown,
    LeaseLost,
    PacingRefused,
    RunCancelled,
)
from orderworks.model.order import Order
from orderworks.model.state import OrderState

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


async def permitted(desk: Desk) -> list[str]:
    """Waits until the ledger has more PENDING orders than one batch; returns those that have not arrived."""

    def pending() -> list[str]:
        with open_ledger(desk.url) as other:
            found = other.execute("SELECT client_order_id FROM orders WHERE state = 'PENDING'")
            return [row["client_order_id"] for row in found]

    async with asyncio.timeout(20):
        while len(names := await asyncio.to_thread(pending)) <= 2:
            await asyncio.sleep(0.01)
    return sorted(set(names) - set(await received(desk)))


def history(desk: Desk, name: str) -> list[str]:
    found = desk.ledger.execute(
        "SELECT event FROM order_events WHERE client_order_id = %s ORDER BY id", (name,)
    )
    return [row["event"] for row in found]


async def test_the_next_batch_is_permitted_while_one_is_on_its_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead: list[str] = []

    async def look() -> None:
        if not ahead:
            ahead.extend(await permitted(desk))

    before_each_answer(desk, monkeypatch, look)
    assert (await send_due(desk)).sent == len(NAMES) + 1
    assert len(ahead) == 2
    assert all(attempts(desk, name) == [1] for name in NAMES)
    assert sorted(await received(desk)) == sorted(["p-0", *NAMES])


def kill(ledger: Ledger) -> None:
    throw_kill_switch(ledger, ACCOUNT, "the feed is wrong")


def cancel(ledger: Ledger) -> None:
    cancel_run(ledger, ACCOUNT, "five plain orders", "a wrong list")


@pytest.mark.parametrize(
    ("stop", "told"), [(kill, KillSwitchThrown), (cancel, RunCancelled)], ids=["kill", "cancel"]
)
async def test_what_was_permitted_before_a_stop_is_taken_back_and_never_leaves(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    stop: Callable[[Ledger], None],
    told: type[Exception],
) -> None:
    ahead: list[str] = []

    async def stop_then() -> None:
        ahead.extend(await permitted(desk))
        with open_ledger(desk.url) as other:
            stop(other)

    before_each_answer(desk, monkeypatch, stop_then)
    with pytest.raises(told):
        await send_due(desk)
    gone = await received(desk)
    assert len(gone) == len(ahead) == 2
    assert not set(gone) & set(ahead)
    for name in ahead:
        assert history(desk, name) == ["SEND", "SILENCE", "ABSENCE"]
        assert state_of(desk.ledger, name) == "NEW"
    assert {state_of(desk.ledger, name) for name in gone} == {"SUBMITTED"}


async def test_what_was_permitted_ahead_is_asked_for_again_just_before_it_leaves(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that takes its time comes between the question and the message."""
    done: list[str] = []

    def noted(owner: object, name: str) -> None:
        call = getattr(owner, name)

        def note(*args: object, **named: object) -> object:
            done.append(name)
            return call(*args, **named)

        monkeypatch.setattr(owner, name, note)

    noted(leaving, "require_still_permitted")
    noted(leaving, "take_reports")
    noted(desk.broker, "submit_orders")
    await send_due(desk)
    after = [then for now, then in pairwise(done) if now == "require_still_permitted"]
    assert after == ["submit_orders"] * 2


async def test_what_kept_a_batch_from_being_permitted_is_told_although_the_one_before_came_too_fast(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(orders: Sequence[Order]) -> list[Report]:
        raise PacingRefused("too many messages")

    permit = leaving.permit_at
    permits: list[int] = []

    async def permit_one(*asked: Any) -> None:
        permits.append(1)
        if len(permits) == 2:
            raise RunCancelled("the run was cancelled")
        await permit(*asked)

    monkeypatch.setattr(desk.broker, "submit_orders", refuse)
    monkeypatch.setattr(leaving, "permit_at", permit_one)
    with pytest.raises(RunCancelled):
        await send_due(desk)
    assert {state_of(desk.ledger, name) for name in ["p-0", *NAMES]} == {"NEW"}


async def test_orders_stand_where_they_stood_when_they_were_not_permitted(desk: Desk) -> None:
    kill(desk.ledger)
    orders = open_orders(desk.ledger, ACCOUNT)
    with pytest.raises(KillSwitchThrown):
        await send(desk, orders, due_now(orders, desk.clock.now(), {}).due, desk.clock.now())
    assert {orders[name].state for name in NAMES} == {OrderState.NEW}
    assert {orders[name].attempts for name in NAMES} == {0}


async def test_what_was_permitted_before_the_account_was_taken_is_not_sent_by_who_lost_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead: list[str] = []

    async def lose() -> None:
        ahead.extend(await permitted(desk))
        with open_ledger(desk.url) as other:
            assert take_lease(other, ACCOUNT, "another", 60, preempts=True)

    before_each_answer(desk, monkeypatch, lose)
    with pytest.raises(LeaseLost, match="another"):
        await send_due(desk)
    gone = await received(desk)
    assert len(gone) == 2
    assert not set(gone) & set(ahead)
    assert {state_of(desk.ledger, name) for name in ahead} == {"PENDING"}


async def test_what_was_permitted_as_a_process_died_is_found_absent_and_sent_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """Nothing of the process goes on."""

    async def die() -> None:
        await permitted(desk)
        raise Died

    before_each_answer(desk, monkeypatch, die)
    with pytest.raises(Died):
        await send_due(desk)
    monkeypatch.undo()
    assert (await reconcile(desk, None)).absent == 2
    await send_due(desk)
    assert sorted(await received(desk)) == sorted(["p-0", *NAMES])
    assert (await reconcile(desk, None)).is_clean


async def test_a_batch_that_came_too_fast_takes_the_next_one_back_with_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = desk.broker.submit_orders
    refused: list[list[str]] = []

    async def refuse_the_first(orders: Sequence[Order]) -> list[Report]:
        if not refused:
            refused.append(await permitted(desk))
            raise PacingRefused("too many messages")
        return await submit(orders)

    monkeypatch.setattr(desk.broker, "submit_orders", refuse_the_first)
    assert (await send_due(desk)).sent == len(NAMES) + 1
    assert len(refused[0]) == 4
    assert all(attempts(desk, name) == [1, 2] for name in refused[0])
    assert sorted(await received(desk)) == sorted(["p-0", *NAMES])
    assert {state_of(desk.ledger, name) for name in NAMES} == {"SUBMITTED"}


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
