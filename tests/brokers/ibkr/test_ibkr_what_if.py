"""What an order would do to the margin, asked of a gateway: no order comes of it, and no number twice."""

from decimal import Decimal
from time import monotonic

import pytest
from gateway.faults import Lose, Refuse
from gateway.requests import Request
from ib_async import OrderState
from served_broker import Served, Serving, kinds, limit, shown

from orderworks.brokers.ibkr.what_if import effect_of, figure, is_told, question_of
from orderworks.model.order import Order, Side


def questions(served: Served) -> list[int]:
    """The numbers of the messages that only asked."""
    placed = served.gateway.log.of(Request.PLACE_ORDER)
    return [int(one["orderId"]) for one in placed if one["whatIf"] == "1"]


def sent_as(served: Served) -> dict[str, int]:
    """The numbers of the orders, by name."""
    placed = served.gateway.log.of(Request.PLACE_ORDER)
    return {one["orderRef"]: int(one["orderId"]) for one in placed if one["whatIf"] != "1"}


def asked(name: str, quantity: int, side: Side = Side.BUY) -> Order:
    return limit(name, quantity, "100.01", side=side)


async def test_the_figures_are_the_broker_s_and_no_order_comes_of_it(serving: Serving) -> None:
    async with serving(speed=0) as served, served.working() as broker:
        await served.gateway.advance(1)
        [effect] = await broker.what_if([asked("a", 1_000)])
        assert effect.client_order_id == "ow-a"
        assert effect.available == 1_000_000
        assert effect.initial_change == 50_000
        assert effect.maintenance_change == 25_000
        # Bought at 100.01, worth 100; and what it costs.
        assert effect.equity_change == -15
        assert effect.commission == 5
        assert effect.needed == 50_015
        assert (effect.warning, effect.refusal) == ("", "")
        assert served.gateway.brokerage.book.orders == {}
        assert (await broker.snapshot()).orders == ()
        assert len(questions(served)) == 1
        assert sent_as(served) == {}


async def test_a_sale_of_what_is_held_frees_funds(serving: Serving) -> None:
    async with serving(speed=0) as served, served.working() as broker:
        await served.gateway.advance(1)
        await broker.submit_orders([asked("h", 100)])
        await served.gateway.advance(2)
        await served.heard(broker, 0)
        [effect] = await broker.what_if([asked("a", 100, Side.SELL)])
        assert effect.needed < 0


async def test_its_number_is_no_order_s_before_or_after_it(serving: Serving) -> None:
    async with serving(speed=0) as served:
        async with served.working() as broker:
            await broker.submit_orders([limit("a", 10, "90")])
            await broker.what_if([asked("q", 10)])
            await broker.submit_orders([limit("b", 10, "90")])
            first = sent_as(served)
            [question] = questions(served)
            assert first["ow-a"] < question < first["ow-b"]
            await broker.what_if([asked("q", 10)])
        # A gateway whose numbers go back: what was used for a question is not used for an order.
        served.gateway.brokerage.book.next_ids.clear()
        async with served.working() as broker:
            await broker.submit_orders([limit("c", 10, "90")])
            assert sent_as(served)["ow-c"] > max(questions(served))
            assert {one.state.value for one in (await broker.snapshot()).orders} == {"SUBMITTED"}


async def test_an_order_that_was_lost_before_a_question_gets_a_new_number(serving: Serving) -> None:
    async with serving(speed=0) as served, served.working() as broker:
        served.gateway.faults.next(Request.PLACE_ORDER, Lose())
        assert await broker.submit_orders([limit("a", 10, "90")]) == []
        before = sent_as(served)["ow-a"]
        await broker.what_if([asked("q", 10)])
        assert shown(await broker.snapshot(), "a") == []
        assert kinds(await broker.submit_orders([limit("a", 10, "90")])) == ["ACKNOWLEDGED"]
        assert sent_as(served)["ow-a"] > max(questions(served)) > before
        assert served.gateway.brokerage.book.by_ref() == {"ow-a": 1}


async def test_what_the_broker_would_not_take_is_said(serving: Serving) -> None:
    async with serving(speed=0) as served, served.working() as broker:
        await served.gateway.advance(1)
        served.gateway.faults.next(Request.PLACE_ORDER, Refuse(201))
        [effect] = await broker.what_if([asked("a", 10)])
        assert "(code 201)" in effect.refusal
        assert served.gateway.brokerage.book.orders == {}


async def test_silence_is_not_known_and_the_line_goes_on(serving: Serving) -> None:
    async with serving(speed=0) as served, served.working() as broker:
        await served.gateway.advance(1)
        served.gateway.faults.next(Request.PLACE_ORDER, Lose())
        told = await broker.what_if([asked("a", 10), asked("b", 10)])
        assert [one.client_order_id for one in told] == ["ow-b"]
        assert kinds(await broker.submit_orders([limit("c", 10, "90")])) == ["ACKNOWLEDGED"]


async def test_questions_keep_their_pace_even_over_a_new_process(serving: Serving) -> None:
    async with serving(speed=0) as served:
        await served.gateway.advance(1)
        slow = {"what_if_per_minute": 60, "what_if_seconds": 5}
        async with served.working(**slow) as broker:
            began = monotonic()
            assert len(await broker.what_if([asked("a", 10), asked("b", 10)])) == 2
            assert monotonic() - began >= 1
        async with served.working(**slow | {"what_if_seconds": 0.2}) as broker:
            assert await broker.what_if([asked("c", 10)]) == []
        assert len(questions(served)) == 2


def test_a_question_names_no_order_of_ours() -> None:
    question = question_of(asked("a", 10))
    assert (question.whatIf, question.orderRef) == (True, "")


@pytest.mark.parametrize("text", ["", "1.7976931348623157E308", "NaN", "none"])
def test_a_figure_that_was_not_set_is_none(text: str) -> None:
    assert figure(text) is None
    assert not is_told(OrderState(initMarginChange=text, initMarginBefore="0.0"))


def test_a_commission_that_was_not_set_is_not_known() -> None:
    state = OrderState(
        initMarginBefore="10.5",
        equityWithLoanBefore="100.25",
        initMarginChange="-5",
        warningText="  two \n words ",
    )
    assert is_told(state)
    effect = effect_of("ow-a", state)
    assert (effect.available, effect.needed) == (Decimal("89.75"), Decimal(-5))
    assert (effect.commission, effect.warning) == (None, "two words")
