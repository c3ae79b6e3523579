"""What the broker does not say, or says wrongly: nothing is made of it but what is proven."""

import asyncio
from decimal import Decimal
from time import monotonic

import pytest
from gateway.answers import Answer
from gateway.faults import (
    INACTIVE,
    LOCATING,
    UNTIL_OPEN,
    CancelledByBroker,
    Correct,
    CutAfter,
    Delay,
    Lose,
    LoseLink,
    Refuse,
    Say,
    SecondPermId,
    Silence,
    Twice,
)
from gateway.requests import Request
from served_broker import Serving, kinds, limit, shown

from orderworks.brokers.ibkr.connection import REFUSED_SECONDS
from orderworks.model.errors import Disconnected, SnapshotIncomplete, Unreachable
from orderworks.model.order import Replacement


async def test_no_code_alone_ends_an_order_that_lives(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        for code in (10349, 399, 2109, 201, 202, 104):
            name = f"a{code}"
            served.gateway.faults.next(Request.PLACE_ORDER, Say(code))
            assert kinds(await broker.submit_orders([limit(name, 10, "99")])) == ["ACKNOWLEDGED"]
            assert await served.heard(broker, 0.05) == []
            assert shown(await broker.snapshot(), name) == [("SUBMITTED", 0, 10)]
            assert kinds(await broker.cancel_orders([f"ow-{name}"])) == ["CANCELLED"]


@pytest.mark.parametrize("fault", [Lose(), Silence()])
async def test_silence_is_no_report(serving: Serving, fault: Lose | Silence) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Request.PLACE_ORDER, fault)
        assert await broker.submit_orders([limit("a", 100, "99.50")]) == []
        found = shown(await broker.snapshot(), "a")
        assert found == ([] if isinstance(fault, Lose) else [("SUBMITTED", 0, 100)])


async def test_an_order_that_never_arrived_is_sent_again_under_its_number(
    serving: Serving,
) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Request.PLACE_ORDER, Lose())
        order = limit("a", 100, "99.50")
        assert await broker.submit_orders([order]) == []
        await broker.snapshot()
        assert kinds(await broker.submit_orders([order])) == ["ACKNOWLEDGED"]
        numbers = [m["orderId"] for m in served.gateway.log.of(Request.PLACE_ORDER)]
        assert len(numbers) == 2
        assert len(set(numbers)) == 1
        assert served.gateway.brokerage.book.by_ref() == {"ow-a": 1}


async def test_a_number_that_was_refused_is_not_used_again(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Request.PLACE_ORDER, Refuse(103))
        order = limit("a", 100, "99.50")
        assert await broker.submit_orders([order]) == []
        with pytest.raises(Disconnected, match="103"):
            await broker.submit_orders([order])
        await broker.snapshot()
        assert kinds(await broker.submit_orders([order])) == ["ACKNOWLEDGED"]
        first, second = (int(m["orderId"]) for m in served.gateway.log.of(Request.PLACE_ORDER))
        assert second > first


async def test_a_question_that_is_refused_for_its_pace_is_not_waited_for_and_is_asked_anew(
    serving: Serving,
) -> None:
    async with serving() as served, served.working(ask_seconds=60) as broker:
        await broker.submit_orders([limit("a", 100, "99.50")])
        served.gateway.faults.next(Request.CURRENT_TIME, Refuse(100))
        began = monotonic()
        with pytest.raises(SnapshotIncomplete, match="refused what came too fast"):
            await broker.snapshot()
        assert monotonic() - began < 10 * REFUSED_SECONDS
        # Whatever else is on its way over that line is nobody's answer any more.
        assert not (await broker.health_check()).sound
        assert shown(await broker.snapshot(), "a") == [("SUBMITTED", 0, 100)]


async def test_a_question_is_answered_though_something_else_was_refused_for_its_pace(
    serving: Serving,
) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Answer.CURRENT_TIME, Delay(1))
        asked = asyncio.create_task(broker.health_check())
        before = served.received(Request.CURRENT_TIME)
        while served.received(Request.CURRENT_TIME) == before:
            await asyncio.sleep(0.01)
        served.gateway.announce(100)
        await asyncio.sleep(REFUSED_SECONDS / 4)
        await served.gateway.advance(2)
        assert "asked too fast" in (await asked).message
        assert served.received(Request.START_API) == 1
        assert (await broker.snapshot()).orders == ()


async def test_a_rejection_needs_its_status(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Request.PLACE_ORDER, Refuse(201, inactive=True))
        [report] = await broker.submit_orders([limit("a", 100, "99.50")])
        assert report.kind.value == "REJECTED"
        assert "201" in str(report.reason)
        assert shown(await broker.snapshot(), "a") == [("REJECTED", 0, 100)]


async def test_what_was_refused_and_is_nowhere_is_not_sent_again(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        order = limit("a", 100, "99.50", symbol="NOSUCH")
        assert await broker.submit_orders([order]) == []
        assert shown(await broker.snapshot(), "a") == []
        [report] = await broker.submit_orders([order])
        # It did not leave this time: the refusal can be no answer to an earlier sending.
        assert (report.kind.value, report.proven) == ("REJECTED", True)
        assert "200" in str(report.reason)
        assert served.received(Request.PLACE_ORDER) == 1


@pytest.mark.parametrize("fault", [UNTIL_OPEN, LOCATING])
async def test_a_held_order_lives(serving: Serving, fault: object) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Request.PLACE_ORDER, fault)
        assert kinds(await broker.submit_orders([limit("a", 100, "99.50")])) == ["ACKNOWLEDGED"]
        assert shown(await broker.snapshot(), "a") == [("SUBMITTED", 0, 100)]


async def test_inactive_without_a_reason_is_no_end(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Request.PLACE_ORDER, INACTIVE)
        assert await broker.submit_orders([limit("a", 100, "99.50")]) == []
        assert shown(await broker.snapshot(), "a") == [("UNKNOWN", 0, 100)]
        await served.gateway.advance(6)
        assert kinds(await served.heard(broker)) == ["ACKNOWLEDGED"]


async def test_the_broker_cancels_by_itself(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Request.PLACE_ORDER, CancelledByBroker(2))
        await broker.submit_orders([limit("a", 100, "99.50")])
        await served.gateway.advance(3)
        [report] = await served.heard(broker)
        assert report.kind.value == "CANCELLED"
        assert "202" in str(report.reason)


async def test_a_cancel_that_is_refused_ends_nothing(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "99.50")])
        for code in (10147, 10148, 161):
            served.gateway.faults.next(Request.CANCEL_ORDER, Refuse(code))
            [report] = await broker.cancel_orders(["ow-a"])
            assert report.kind.value == "CANCEL_REFUSED"
            assert str(code) in str(report.reason)
        assert shown(await broker.snapshot(), "a") == [("SUBMITTED", 0, 100)]
        assert kinds(await broker.cancel_orders(["ow-a"])) == ["CANCELLED"]


async def test_a_change_that_is_refused_changes_nothing(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "99.50")])
        terms = Replacement("ow-a", 80, Decimal("99.60"))
        for code in (104, 105, 110, 321):
            served.gateway.faults.next(Request.PLACE_ORDER, Refuse(code))
            assert kinds(await broker.replace_orders([terms])) == ["REPLACE_REFUSED"]
        assert shown(await broker.snapshot(), "a") == [("SUBMITTED", 0, 100)]
        assert kinds(await broker.replace_orders([terms])) == ["REPLACED"]


async def test_two_orders_of_one_name_are_shown_as_two(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "99.50")])
        served.gateway.faults.next(Request.PLACE_ORDER, SecondPermId())
        terms = Replacement("ow-a", 80, Decimal("99.60"))
        await broker.replace_orders([terms])
        with pytest.raises(Disconnected, match="two orders"):
            await served.heard(broker)
        assert len(shown(await broker.snapshot(), "a")) == 2


async def test_both_of_two_orders_of_one_name_are_cancelled(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "99.50")])
        thread = broker._talk.threads["ow-a"]
        broker._line.client.placeOrder(thread.order_id + 1, thread.contract, thread.message)
        assert shown(await broker.snapshot(), "a") == [("SUBMITTED", 0, 100)] * 2
        await broker.cancel_orders(["ow-a"])
        assert shown(await broker.snapshot(), "a") == [("CANCELLED", 0, 100)] * 2


async def test_an_execution_that_is_corrected_replaces_what_it_was(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Answer.EXECUTION, Correct(60, "99.90"))
        placed = await broker.submit_orders([limit("a", 100, "100.01")])
        await served.gateway.advance(3)
        reports = placed + await served.heard(broker)
        fills = [r.fill for r in reports if r.fill is not None]
        corrected = [f for f in fills if f.replaces is not None]
        assert [f.quantity for f in corrected] == [60]
        assert corrected[0].replaces == corrected[0].exec_id[:-2] + "01"
        assert corrected[0].replaces in {f.exec_id for f in fills}


async def test_what_is_said_twice_is_told_once(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        placed = await broker.submit_orders([limit("a", 100, "100.01")])
        for answer in (Answer.EXECUTION, Answer.ORDER_STATUS, Answer.COMMISSION):
            served.gateway.faults.next(answer, Twice())
        await served.gateway.advance(3)
        reports = placed + await served.heard(broker)
        ids = [r.fill.exec_id for r in reports if r.fill is not None]
        assert ids
        assert len(ids) == len(set(ids))


async def test_a_commission_that_is_lost_is_asked_for_again(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "99.00")])
        served.gateway.faults.next(Answer.COMMISSION, Lose())
        await served.gateway.advance(25)
        reports = await served.heard(broker, 1)
        fills = [r.fill for r in reports if r.fill is not None]
        assert sum(f.quantity for f in fills) == 100
        assert all(f.commission > 0 for f in fills)


async def test_an_execution_that_is_lost_is_asked_for_before_its_order_ends(
    serving: Serving,
) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 900, "99.01")])
        served.gateway.faults.next(Answer.EXECUTION, Lose())
        await served.gateway.advance(22)
        reports = await broker.cancel_orders(["ow-a"])
        reports += await served.heard(broker, 1)
        assert kinds(reports)[-1] == "CANCELLED"
        filled = sum(r.fill.quantity for r in reports if r.fill is not None)
        assert shown(await broker.snapshot(), "a") == [("CANCELLED", filled, 900)]


async def test_what_happens_while_the_line_is_cut_is_found(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "99.00")])
        served.gateway.cut(1)
        with pytest.raises(Disconnected):
            await served.heard(broker, 2)
        with pytest.raises(Disconnected, match="nothing was sent"):
            await broker.submit_orders([limit("b", 100, "99.00")])
        await served.gateway.advance(25)
        snapshot = await broker.snapshot()
        assert shown(snapshot, "a") == [("FILLED", 100, 100)]
        assert sum(f.quantity for f in snapshot.executions) == 100
        reports = await served.heard(broker)
        assert {r.fill.exec_id for r in reports if r.fill} == {
            f.exec_id for f in snapshot.executions
        }


async def test_a_send_that_is_cut_off_is_neither_lost_nor_doubled(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        served.gateway.faults.next(Request.PLACE_ORDER, CutAfter())
        # The cut may come before the answer or after it.
        assert set(kinds(await broker.submit_orders([limit("a", 100, "99.00")]))) <= {
            "ACKNOWLEDGED"
        }
        with pytest.raises(Disconnected):
            await served.heard(broker)
        assert shown(await broker.snapshot(), "a") == [("SUBMITTED", 0, 100)]
        assert served.gateway.brokerage.book.by_ref() == {"ow-a": 1}


@pytest.mark.parametrize("data_kept", [True, False])
async def test_a_link_that_came_back_is_not_sent_over_before_a_snapshot_is_whole(
    serving: Serving, data_kept: bool
) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "99.00")])
        served.gateway.lose_link(LoseLink(10, data_kept=data_kept))
        with pytest.raises(Disconnected, match="1100"):
            await served.heard(broker)
        assert not (await broker.health_check()).sound
        await served.gateway.advance(11)
        told = str(1102 if data_kept else 1101)
        async with asyncio.timeout(10):
            while told not in str(broker._line.doubt):
                await asyncio.sleep(0.01)
        with pytest.raises(Disconnected, match=told):
            await served.heard(broker)
        with pytest.raises(Disconnected, match="nothing was sent"):
            await broker.submit_orders([limit("b", 100, "99.00")])
        assert served.received(Request.START_API) == 1
        await broker.snapshot()
        assert kinds(await broker.submit_orders([limit("b", 100, "99.00")])) == ["ACKNOWLEDGED"]
        assert (await broker.health_check()).sound


async def test_a_gateway_without_its_link_gives_no_snapshot(serving: Serving) -> None:
    async with serving() as served, served.working(connect_seconds=0.5) as broker:
        served.gateway.lose_link(LoseLink(10))
        with pytest.raises(SnapshotIncomplete, match="1100"):
            await broker.snapshot()
        with pytest.raises(Unreachable, match="1100"):
            await broker.snapshot()
        await served.gateway.advance(11)
        await broker.snapshot()


async def test_a_snapshot_is_whole_or_none(serving: Serving) -> None:
    async with serving() as served, served.working(ask_seconds=0.2) as broker:
        for question in (
            Request.ALL_OPEN_ORDERS,
            Request.COMPLETED_ORDERS,
            Request.EXECUTIONS,
            Request.ACCOUNT_UPDATES_MULTI,
        ):
            served.gateway.faults.next(question, Lose())
            with pytest.raises(SnapshotIncomplete, match="did not answer"):
                await broker.snapshot()
            with pytest.raises(Disconnected):
                await broker.submit_orders([limit("a", 100, "99.00")])
            await broker.snapshot()
