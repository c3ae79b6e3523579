"""Asking what an order would do to the account's margin: a message that makes no order.

It goes out under a number of its own, which is committed like that of an order: so it is higher than every
number of an order before it, and none after it has the same. It has no name of ours, so that nothing can
take it for one of our orders.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from ib_async import Order as WireOrder
from ib_async import OrderState
from ib_async.util import UNSET_DOUBLE

from orderworks.brokers.adapter import MarginEffect
from orderworks.brokers.ibkr.amounts import to_decimal
from orderworks.brokers.ibkr.contracts import stock
from orderworks.brokers.ibkr.errors import Meaning, code_of, sentence_of
from orderworks.brokers.ibkr.orders import message_of
from orderworks.brokers.ibkr.wire import ErrorSaid, Message, WhatIfShown
from orderworks.model.order import Order

Send = Callable[[int, object, WireOrder], object]
"""placeOrder of a client: number, contract, message."""

REFUSES = frozenset({Meaning.REJECTED, Meaning.REFUSED})


class WhatIfs:
    """The questions that wait for their answers, by the number that each went out under."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[OrderState | str]] = {}

    def hear(self, message: Message) -> None:
        """Takes in what the broker said, if it answers a question."""
        match message:
            case WhatIfShown(number, state) if is_told(state):
                self._answer(number, state)
            case ErrorSaid(number, code, text) if code_of(code).meaning in REFUSES:
                self._answer(number, sentence_of(code, text))
            case _:
                pass

    async def ask(
        self, order: Order, number: int, send: Send, seconds: float
    ) -> MarginEffect | None:
        """What the order would do; None where no answer came in time."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            send(number, stock(order.symbol), question_of(order))
            return effect_of(order.client_order_id, await asyncio.wait_for(answer, seconds))
        except TimeoutError:
            return None
        finally:
            del self._waiting[number]

    def _answer(self, number: int, said: OrderState | str) -> None:
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(said)


def question_of(order: Order) -> WireOrder:
    """The order as a message that only asks."""
    return replace(message_of(order), whatIf=True, orderRef="")


def is_told(state: OrderState) -> bool:
    """Whether an answer has the figures: one without may come before it."""
    return None not in (
        figure(state.initMarginChange),
        figure(state.initMarginBefore),
        figure(state.equityWithLoanBefore),
    )


def effect_of(name: str, said: OrderState | str) -> MarginEffect:
    """An answer in our words: the figures, or why the broker would refuse the order."""
    if isinstance(said, str):
        return MarginEffect(name, refusal=said)
    commission = said.commission
    return MarginEffect(
        name,
        available=(figure(said.equityWithLoanBefore) or Decimal(0))
        - (figure(said.initMarginBefore) or Decimal(0)),
        initial_change=figure(said.initMarginChange) or Decimal(0),
        maintenance_change=figure(said.maintMarginChange) or Decimal(0),
        equity_change=figure(said.equityWithLoanChange) or Decimal(0),
        commission=None if commission == UNSET_DOUBLE else to_decimal(commission),
        warning=" ".join(said.warningText.split()),
    )


def figure(text: str) -> Decimal | None:
    """An amount of an answer; None where it was not set."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if abs(float(amount)) < UNSET_DOUBLE else None
