"""A broker in memory that does what it is told to, and says what it did when it is told to."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from working_orders import CASH

from orderworks.brokers.adapter import (
    BrokerOrder,
    Health,
    MarginEffect,
    Report,
    ReportKind,
    Snapshot,
)
from orderworks.model.clock import Clock
from orderworks.model.errors import BrokerError
from orderworks.model.fill import Fill
from orderworks.model.order import Order, Replacement, Side
from orderworks.model.portfolio import Portfolio, Position
from orderworks.model.state import OrderState

LIVE = (OrderState.SUBMITTED, OrderState.PARTIALLY_FILLED)


class Fate(StrEnum):
    """What becomes of a message."""

    ANSWERED = "answered"
    REFUSED = "refused"
    ANSWER_LOST = "its answer is lost"
    LINE_BROKEN = "the line breaks before its answer"
    LOST = "it is lost on the way"


class ScriptedBroker:
    """One account at a broker whose every step is somebody else's decision.

    Attributes:
        orders: what it has received, under the name that it was given.
        executions: every report of an execution by its id; one that another replaces stands for nothing.
        said: what it has reported and nobody has heard yet, or could hear again.
        under_way: messages that were lost and may still arrive.
        fate: of the messages to come.
        hidden: names that the next snapshot does not show yet.
        foreign: orders in its account that are not ours.
        outside_shares, outside_cash: what came into the account by no order of ours.
    """

    provider = "simulated"
    mode = "simulated"

    def __init__(self, account: str, clock: Clock) -> None:
        self.account = account
        self.orders: dict[str, BrokerOrder] = {}
        self.executions: dict[str, Fill] = {}
        self.said: list[Report] = []
        self.under_way: dict[str, Order] = {}
        self.fate = Fate.ANSWERED
        self.hidden: frozenset[str] = frozenset()
        self.foreign: dict[str, BrokerOrder] = {}
        self.outside_shares = 0
        self.outside_cash = Decimal(0)
        self._sides: dict[str, Order] = {}
        self._clock = clock

    # What the desk asks of it.

    async def market_time(self) -> datetime | None:
        return None

    async def connect(self) -> None:
        """It is always there."""

    async def close(self) -> None:
        """It stays."""

    async def prepare(self, symbols: Sequence[str]) -> None:
        """Nothing has to be asked."""

    async def room_for(self, messages: int) -> int:
        return messages

    async def submit_orders(self, orders: Sequence[Order]) -> list[Report]:
        if self.fate is Fate.LOST:
            self.under_way |= {order.client_order_id: order for order in orders}
            return []
        return self._answer([self.receive(order) for order in orders])

    async def cancel_orders(self, client_order_ids: Sequence[str]) -> list[Report]:
        if self.fate is Fate.LOST:
            return []
        return self._answer([self.cancel(name) for name in client_order_ids])

    async def replace_orders(self, replacements: Sequence[Replacement]) -> list[Report]:
        raise NotImplementedError

    async def events(self, until: datetime) -> AsyncIterator[list[Report]]:
        for reports in ():
            yield reports

    async def get_order_status(self, client_order_id: str) -> BrokerOrder | None:
        return self.orders.get(client_order_id)

    async def get_portfolio(self) -> Portfolio:
        shares = sum(
            self._sides[one.client_order_id].side.sign * one.quantity for one in self.standing()
        )
        shares += self.outside_shares
        cash = CASH + self.outside_cash + sum(one.cash_change for one in self.standing())
        held = {"AAPL": Position("AAPL", shares, Decimal(100))} if shares else {}
        return Portfolio(self.account, cash, held)

    async def snapshot(self) -> Snapshot:
        hidden, self.hidden = self.hidden, frozenset()
        return Snapshot(
            self._clock.now(),
            await self.get_portfolio(),
            tuple(one for name, one in self.orders.items() if name not in hidden)
            + tuple(self.foreign.values()),
            tuple(one for one in self.executions.values() if one.client_order_id not in hidden),
        )

    async def what_if(self, orders: Sequence[Order]) -> list[MarginEffect]:
        return []

    async def health_check(self) -> Health:
        return Health(True, "it is there")

    def _answer(self, reports: list[Report]) -> list[Report]:
        if self.fate in (Fate.ANSWERED, Fate.REFUSED):
            for report in reports:
                self.said.remove(report)
            return reports
        if self.fate is Fate.LINE_BROKEN:
            raise BrokerError("the line broke")
        return []

    # What it is told to do.

    def receive(self, order: Order) -> Report:
        name = order.client_order_id
        assert name not in self.orders, f"{name} was sent twice"
        self.under_way.pop(name, None)
        self._sides[name] = order
        refused = self.fate is Fate.REFUSED
        self.orders[name] = BrokerOrder(
            str(len(self.orders) + 1),
            name,
            order.symbol,
            order.side,
            order.quantity,
            0,
            OrderState.REJECTED if refused else OrderState.SUBMITTED,
            "no" if refused else None,
            self._clock.now(),
            order.limit_price,
            order.stop_price,
        )
        return self._say(ReportKind.REJECTED if refused else ReportKind.ACKNOWLEDGED, name)

    def cancel(self, name: str) -> Report:
        if self.orders[name].state not in LIVE:
            return self._say(ReportKind.CANCEL_REFUSED, name)
        return self.end(name, OrderState.CANCELLED)

    def end(self, name: str, state: OrderState) -> Report:
        self.orders[name] = self.orders[name]._replace(state=state)
        return self._say(ReportKind(state), name)

    def fill(self, name: str, quantity: int) -> Report:
        return self._execute(name, f"{name}/{len(self.executions)}", quantity, None)

    def correct(self, exec_id: str, quantity: int) -> Report:
        """Corrects an execution, to 0 shares in a bust; an order that was filled is done all the same."""
        old = self.executions[exec_id]
        name = old.client_order_id
        was_filled = self.orders[name].state is OrderState.FILLED
        report = self._execute(name, f"{exec_id}+", quantity, exec_id)
        if was_filled and quantity < old.quantity:
            self.end(name, OrderState.CANCELLED)
        return report

    def standing(self) -> list[Fill]:
        """The executions that no other replaces."""
        replaced = {one.replaces for one in self.executions.values()}
        return [one for name, one in self.executions.items() if name not in replaced]

    def filled(self, name: str) -> int:
        return sum(one.quantity for one in self.standing() if one.client_order_id == name)

    def _execute(self, name: str, exec_id: str, quantity: int, replaces: str | None) -> Report:
        order, theirs = self._sides[name], self.orders[name]
        price = Decimal("100.01") if replaces is None else Decimal("100.02")
        fill = Fill(
            *(exec_id, name, order.symbol, Side(order.side), quantity, price),
            *(Decimal("1.00"), self._clock.now(), replaces),
        )
        self.executions[exec_id] = fill
        filled = self.filled(name)
        state = theirs.state
        if filled == theirs.quantity:
            state = OrderState.FILLED
        elif state in LIVE:
            state = OrderState.PARTIALLY_FILLED if filled else OrderState.SUBMITTED
        self.orders[name] = theirs._replace(filled_quantity=filled, state=state)
        return self._say(ReportKind.FILLED, name, fill)

    def _say(self, kind: ReportKind, name: str, fill: Fill | None = None) -> Report:
        theirs = self.orders[name]
        report = Report(kind, name, self._clock.now(), theirs.broker_order_id, theirs.reason, fill)
        self.said.append(report)
        return report
