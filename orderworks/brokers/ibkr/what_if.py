"""Asking what an order would do to the account's margin: a message that makes no order.

It goes out under a number of its own, which is committed like that of an order: so it is higher than every
number of an order before it, and none after it has the same. It has no name of ours, so that nothing can
take it for one of our orders.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from time import monotonic

from ib_async import Contract, OrderState
from ib_async import Order as WireOrder
from ib_async.util import UNSET_DOUBLE

from orderworks.brokers.adapter import MarginEffect
from orderworks.brokers.ibkr.amounts import to_decimal
from orderworks.brokers.ibkr.connection import Connection
from orderworks.brokers.ibkr.errors import Meaning, code_of, sentence_of
from orderworks.brokers.ibkr.order_ids import OrderNumbers
from orderworks.brokers.ibkr.orders import message_of
from orderworks.brokers.ibkr.wire import ErrorSaid, Message, WhatIfShown
from orderworks.model.order import Order

REFUSES = frozenset({Meaning.REJECTED, Meaning.REFUSED})


class WhatIfs:
    """Questions and their answers.

    Args:
        per_minute: of the whole account, by the numbers that were ever taken for questions.
        seconds: that all questions of one time may take, waits for their turn included.
        answer_seconds: that one answer is waited for.
    """

    def __init__(self, *, per_minute: float, seconds: float, answer_seconds: float) -> None:
        self._apart = 60 / per_minute
        self._seconds = seconds
        self._answer_seconds = answer_seconds
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
        self,
        orders: Iterable[Order],
        numbers: OrderNumbers,
        line: Connection,
        contract_of: Callable[[str], Contract],
    ) -> list[MarginEffect]:
        """What each order would do, asked one after another, for as long as there is time.

        Args:
            contract_of: the contract of a symbol.
        """
        give_up = monotonic() + self._seconds
        effects = []
        for order in orders:
            since = numbers.seconds_since_question()
            wait = 0.0 if since is None else max(0.0, self._apart - since)
            if monotonic() + wait >= give_up:
                break
            await asyncio.sleep(wait)
            await line.pace.take()
            number, contract = numbers.take_for_question(line.client), contract_of(order.symbol)
            said = await self._asked(order, number, contract, line, give_up)
            effects += [] if said is None else [effect_of(order.client_order_id, said)]
        return effects

    async def _asked(
        self, order: Order, number: int, contract: Contract, line: Connection, give_up: float
    ) -> OrderState | str | None:
        """The answer to one question; None where none came in time."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            line.client.placeOrder(number, contract, question_of(order))
            left = min(self._answer_seconds, give_up - monotonic())
            return await asyncio.wait_for(answer, left)
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
