"""Whatever befalls orders, messages and reports: the ledger has what a plain model says it must.

The broker's own memory is what is true. The model is what may be believed of it: of each order the
reports that were heard, in dictionaries, without a ledger.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from believed_orders import UNCONFIRMED, Believed
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from truthful_broker import LIVE, Fate, ScriptedBroker
from working_orders import CASH, SESSION, START, at, family, order, plan_of

from orderworks.brokers.adapter import BrokerOrder, Report
from orderworks.desk.comparison import BreakKind
from orderworks.desk.desk import Desk, open_desk
from orderworks.desk.doubt import ATTEMPTS
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.releasing import due_now
from orderworks.desk.reports import cancel, take_reports
from orderworks.desk.submission import send
from orderworks.ledger.accounts import booked_portfolio
from orderworks.ledger.orders import OrderMap, OrderRecord, open_orders, orders_by_id
from orderworks.ledger.runs import freeze_plan, start_run
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock
from orderworks.model.errors import BrokerError
from orderworks.model.fill import Fill
from orderworks.model.state import TERMINAL, OrderState
from orderworks.settings import load_settings

DAY = require_session(SESSION)
SHARES = st.integers(1, 20)
NUMBERS = count(1)


class OrdersAndBroker(RuleBasedStateMachine):
    """One account: its desk on the real ledger, its broker in memory, and the model between them."""

    def __init__(self, url: str, market: ReplayMarket) -> None:
        super().__init__()
        self.number = next(NUMBERS)
        self.clock = ReplayClock(START)
        self.broker = ScriptedBroker(f"SIM-{self.number}", self.clock)
        self.believed: dict[str, Believed] = {}
        self.heard: list[Report] = []
        self.runs = count(1)
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        opened = open_desk(load_settings(), url, DAY, market, self.broker, self.clock)
        self.desk: Desk = self.do(self.stack.enter_async_context(opened))
        assert self.do(self.desk.take_over())
        assert self.do(reconcile(self.desk, None)).is_clean

    def teardown(self) -> None:
        self.do(self.stack.aclose())
        self.loop.close()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def ours(self) -> OrderMap:
        return orders_by_id(self.desk.ledger, sorted(self.believed))

    # Planning and sending.

    @initialize(quantities=st.lists(SHARES, min_size=1, max_size=2), fate=st.sampled_from(Fate))
    def something_is_sent(self, quantities: list[int], fate: Fate) -> None:
        self.plan(quantities)
        self.send(fate)

    @precondition(lambda self: len(self.believed) < 4)
    @rule(quantities=st.lists(SHARES, min_size=1, max_size=3))
    def plan(self, quantities: list[int]) -> None:
        """One number is an order that is not sliced, several are a family."""
        account, run_key = self.broker.account, f"run {next(self.runs)}"
        name = f"ow{self.number}x{run_key[4:]}"
        later = {"account": account, "ends_at": at(10_000)}
        planned = (
            family(name, *quantities, **later)
            if len(quantities) > 1
            else [order(name, *quantities, algo="none", **later)]
        )
        run = start_run(self.desk.ledger, account, run_key, "daily", SESSION, {})
        freeze_plan(self.desk.ledger, run, plan_of([self._due(one) for one in planned]))
        self.believed |= {
            one.client_order_id: Believed(one.quantity) for one in planned if one.reaches_broker
        }

    def _due(self, one: OrderRecord) -> OrderRecord:
        one.due_at = START
        return one

    @precondition(lambda self: any(not one.sent for one in self.believed.values()))
    @rule(fate=st.sampled_from(Fate))
    def send(self, fate: Fate) -> None:
        """Sends what is due, but no slice whose siblings have news that nobody has heard."""
        orders = open_orders(self.desk.ledger, self.desk.account)
        unheard = {report.client_order_id.rpartition("-")[0] for report in self.broker.said}
        due = [
            one
            for one in due_now(orders, self.clock.now(), {}).due
            if one.order.parent_id not in unheard
        ]
        self.broker.fate = fate
        try:
            if due:
                self.do(send(self.desk, orders, due, self.clock.now()))
                self.do(self.desk.written())
        except BrokerError:
            assert fate is Fate.LINE_BROKEN
        finally:
            self.broker.fate = Fate.ANSWERED
        for one in due:
            believed = self.believed[one.order.client_order_id]
            believed.quantity, believed.sent = one.quantity, True
            believed.attempts += 1
            if fate in (Fate.ANSWERED, Fate.REFUSED):
                believed.confirmed = True
                believed.ended = OrderState.REJECTED if fate is Fate.REFUSED else None

    @precondition(lambda self: self._live())
    @rule(data=st.data(), fate=st.sampled_from([Fate.ANSWERED, Fate.ANSWER_LOST, Fate.LOST]))
    def cancel(self, data: st.DataObject, fate: Fate) -> None:
        name = data.draw(st.sampled_from(self._live()))
        self.broker.fate = fate
        self.do(cancel(self.desk, [name]))
        self.broker.fate = Fate.ANSWERED
        if fate is Fate.ANSWERED and not self.believed[name].states <= TERMINAL:
            self.believed[name].confirmed = True
            self.believed[name].ended = OrderState.CANCELLED

    @precondition(lambda self: self._late())
    @rule(data=st.data())
    def arrive_late(self, data: st.DataObject) -> None:
        """A message that was lost arrives, as long as nobody has given it up."""
        self.broker.receive(self.broker.under_way[data.draw(st.sampled_from(self._late()))])

    # What the broker does.

    @precondition(lambda self: self._live())
    @rule(data=st.data(), mistaken=st.booleans())
    def fill(self, data: st.DataObject, mistaken: bool) -> None:
        """Fills all that is left or a part; where that was a mistake, it is corrected at once."""
        name = data.draw(st.sampled_from(self._live()))
        theirs = self.broker.orders[name]
        left = theirs.quantity - theirs.filled_quantity
        quantity = data.draw(st.one_of(st.just(left), st.integers(1, left)))
        self.broker.fill(name, quantity)
        if mistaken:
            less = data.draw(st.one_of(st.just(0), st.integers(0, quantity)))
            self.broker.correct(self.broker.standing()[-1].exec_id, less)

    @precondition(lambda self: self._live())
    @rule(data=st.data(), state=st.sampled_from([OrderState.CANCELLED, OrderState.EXPIRED]))
    def end(self, data: st.DataObject, state: OrderState) -> None:
        self.broker.end(data.draw(st.sampled_from(self._live())), state)

    @precondition(lambda self: self._correctable())
    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        """To fewer shares or none; to more only of an order that rests."""
        old = data.draw(st.sampled_from(self._correctable()))
        theirs = self.broker.orders[old.client_order_id]
        left = theirs.quantity - theirs.filled_quantity if theirs.state in LIVE else 0
        quantity = data.draw(st.integers(0, old.quantity + left))
        self.broker.correct(old.exec_id, quantity)

    @rule(
        shares=st.integers(-3, 3),
        cash=st.integers(-3, 3),
        foreign=st.dictionaries(
            st.sampled_from(["ow-forgotten", "by hand"]),
            st.sampled_from([*LIVE, OrderState.CANCELLED]),
        ),
    )
    def outside(self, shares: int, cash: int, foreign: dict[str, OrderState]) -> None:
        """Shares, money and orders come and go that are none of ours."""
        self.broker.outside_shares, self.broker.outside_cash = shares, Decimal(cash)
        self.broker.foreign = {
            name: BrokerOrder(name, name, "AAPL", "buy", 5, 0, state, None, self.clock.now())
            for name, state in foreign.items()
        }

    # What is heard of it.

    @precondition(lambda self: self.broker.said or self.heard)
    @rule(data=st.data())
    def hear(self, data: st.DataObject) -> None:
        """Some of what was said, in any order, some of it again."""
        reports = data.draw(
            st.lists(st.sampled_from(self.broker.said + self.heard), min_size=1, max_size=5)
        )
        self._hear(reports)

    @precondition(lambda self: self.broker.said)
    @rule(step=st.sampled_from([1, -1]))
    def hear_all(self, step: int) -> None:
        """All that was said, in order or backwards."""
        self._hear(self.broker.said[::step])

    def _hear(self, reports: list[Report]) -> None:
        self.do(self._take(reports))
        for report in reports:
            self.believed[report.client_order_id].hear(report)
            if report in self.broker.said:
                self.broker.said.remove(report)
                self.heard.append(report)

    async def _take(self, reports: list[Report]) -> None:
        await take_reports(self.desk, reports)
        await self.desk.written()

    @rule(lagging=st.booleans())
    def reconcile(self, lagging: bool) -> None:
        """What a snapshot shows is believed; what two do not show never arrived, if nothing speaks for it."""
        if lagging:
            self.broker.hidden = frozenset(
                name
                for name, one in self.believed.items()
                if one.states == UNCONFIRMED and not one.held
            )
        first = self.do(reconcile(self.desk, None))
        for name, believed in self.believed.items():
            theirs = self.broker.orders.get(name)
            if theirs is not None:
                believed.see(theirs, self.broker)
            elif believed.sent and (self.broker.outside_shares or believed.attempts == ATTEMPTS):
                believed.held = True
            elif not believed.held:
                believed.sent = False
                self.broker.under_way.pop(name, None)
        self.heard += self.broker.said
        self.broker.said.clear()
        found = {(one.kind, one.subject) for one in first.breaks}
        assert found == self._breaks()
        kept = self.desk.ledger.execute(
            "SELECT kind, subject FROM breaks WHERE account = %s AND resolved_at IS NULL",
            (self.broker.account,),
        )
        assert {(row["kind"], row["subject"]) for row in kept} == found
        again = self.do(reconcile(self.desk, None))
        assert (again.healed, again.absent, again.breaks) == (0, 0, first.breaks)

    def _breaks(self) -> set[tuple[BreakKind, str]]:
        kinds = {True: BreakKind.UNKNOWN_ORDER, False: BreakKind.FOREIGN_ORDER}
        breaks = {(kinds[name.startswith("ow-")], name) for name in self.broker.foreign}
        breaks |= {
            (BreakKind.WRONG_STATE, name)
            for name, one in self.believed.items()
            if one.held and name not in self.broker.orders
        }
        if self.broker.outside_shares:
            breaks.add((BreakKind.POSITION, "AAPL"))
        if self.broker.outside_cash:
            breaks.add((BreakKind.CASH, self.broker.account))
        return breaks

    # What must always be.

    @invariant()
    def time_goes_on(self) -> None:
        self.do(self.clock.sleep_until(self.clock.now() + timedelta(seconds=1)))

    @invariant()
    def the_ledger_has_what_may_be_believed(self) -> None:
        ours = self.ours()
        for name, believed in self.believed.items():
            assert ours[name].state in believed.states, name
            assert ours[name].held == believed.held, name
            assert ours[name].filled_quantity == believed.filled, name
        for parent in ours.values():
            if parent.is_worked:
                self._adds_up(
                    parent, [one for one in ours if one.startswith(f"{parent.client_order_id}-")]
                )

    def _adds_up(self, parent: OrderRecord, slices: list[str]) -> None:
        assert parent.filled_quantity == sum(self.believed[one].filled for one in slices)
        at_broker = [self.broker.orders[one] for one in slices if one in self.broker.orders]
        could_fill = sum(
            one.quantity if one.state in LIVE else one.filled_quantity for one in at_broker
        )
        assert could_fill <= parent.quantity

    @invariant()
    def nothing_that_the_broker_says_is_refused(self) -> None:
        refused = "SELECT message FROM alerts WHERE account = %s AND kind = 'refused_event'"
        assert self.desk.ledger.execute(refused, (self.broker.account,)).fetchall() == []

    @invariant()
    def the_books_are_those_of_what_is_believed(self) -> None:
        executions = self.broker.executions
        standing = [executions[name] for one in self.believed.values() for name in one.executions]
        booked = booked_portfolio(self.desk.ledger, self.broker.account)
        assert booked.cash == CASH + sum(one.cash_change for one in standing)
        held = booked.positions["AAPL"].quantity if booked.positions else 0
        assert held == sum(one.quantity for one in standing)

    def _live(self) -> list[str]:
        return [name for name, one in self.broker.orders.items() if one.state in LIVE]

    def _correctable(self) -> list[Fill]:
        """A correction is only corrected when it was heard: it alone tells what it has replaced."""
        unheard = [report.fill for report in self.broker.said]
        return [one for one in self.broker.standing() if not one.replaces or one not in unheard]

    def _late(self) -> list[str]:
        return [name for name in self.broker.under_way if self.believed[name].states == UNCONFIRMED]


@pytest.fixture(scope="module")
def database(
    fresh_database: Callable[[], AbstractContextManager[str]],
) -> Iterator[str]:
    with fresh_database() as url:
        yield url


@pytest.mark.hypothesis
def test_the_ledger_agrees_with_the_model(database: str, market: ReplayMarket) -> None:
    run_state_machine_as_test(
        lambda: OrdersAndBroker(database, market),
        settings=settings(
            # Each is a day of its own: fewer of them than of what is only computed.
            max_examples=settings.default.max_examples // 3,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
