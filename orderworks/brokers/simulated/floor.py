"""The floor of the exchange: where the books move, and account, orders and reports with them."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder, Laggards
from orderworks.brokers.simulated.books import Books, price_units
from orderworks.brokers.simulated.commission import (
    Schedule,
    fill_commission,
    fixed_schedule,
    tiered_schedule,
)
from orderworks.brokers.simulated.fees import fees_on
from orderworks.brokers.simulated.latency import Leg
from orderworks.brokers.simulated.market_rules import MarketRules
from orderworks.brokers.simulated.matching.resting import Ending, Execution
from orderworks.brokers.simulated.outbox import Outbox
from orderworks.brokers.simulated.record import ExchangeRecord
from orderworks.brokers.simulated.stakes import Stakes
from orderworks.brokers.simulated.tapes import Tapes
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.calendar import Session
from orderworks.market.tape import dollars, instant, microseconds
from orderworks.model.fill import Fill
from orderworks.model.order import Replacement
from orderworks.model.state import OrderState

ON_REQUEST = "cancelled on request"


@dataclass(slots=True)
class _Step:
    """What one call has changed and not committed yet."""

    received: dict[int, ExchangeOrder] = field(default_factory=dict)
    changed: dict[int, ExchangeOrder] = field(default_factory=dict)
    placed: dict[int, ExchangeOrder] = field(default_factory=dict)
    fills: list[tuple[int, Fill]] = field(default_factory=list)


class Floor:
    """One account's orders on the floor, during one session.

    Args:
        orders, fills: what a snapshot shows, as the record has it; among the orders are all that
            rest, ready for this session.
    """

    def __init__(
        self,
        record: ExchangeRecord,
        session: Session,
        terms: Terms,
        account: ExchangeAccount,
        orders: Sequence[ExchangeOrder],
        fills: Sequence[Fill],
        tapes: Tapes,
        rules: MarketRules,
    ) -> None:
        self.account = account
        self.orders = {order.number: order for order in orders}
        self.fills = list(fills)
        self.live = {order.number: order for order in orders if order.is_live}
        self.month_shares = record.shares_since(session.open.replace(day=1, hour=0, minute=0))
        self._record = record
        self._fees = fees_on(session.date)
        self._terms = terms
        self._named: dict[str, ExchangeOrder] = {}
        self._step = _Step()
        self.outbox = Outbox(terms.latencies, terms.seed)
        for number, report in record.reports_on_their_way():
            self.outbox.put(number, report)
        self.stakes = Stakes(account, terms.account_type, tapes)
        live = list(self.live.values())
        exits = [order for order in live if order.entry is not None]
        self.stakes.restore(live, self._related(exits) if exits else ())
        lag = account.laggards
        self._since = account.reached if lag is None else lag.since
        self.books = Books(tapes, rules.of, self._since, self._related)
        if lag is not None:
            self.books.restore([order for order in live if order.symbol > lag.behind])
            self.books.set_out(account.reached)
            self.catch_up()
            live = [order for order in live if order.symbol <= lag.behind]
        self.books.restore(live)
        self.apply()
        if self._step.changed or self._step.placed:
            self.save()

    def go_on(self, until: datetime, enough: int | None = None) -> None:
        """Goes on to a market time, if that is later; books that lag behind come along first.

        Args:
            enough: of what happens; when so much has, the books that have not come there lag behind.
        """
        if until > self.account.reached:
            self.catch_up()
            self._since = self.account.reached
            self.books.set_out(until)
            self.account.reached = until
        self.catch_up(enough)

    def catch_up(self, enough: int | None = None) -> None:
        """Lets books that lag behind come to where the account is, until enough has happened."""
        behind = self.books.walk(enough)
        self.account.laggards = None if behind is None else Laggards(self._since, behind)
        self.apply()

    def receive(self, order: ExchangeOrder, entry: ExchangeOrder | None) -> None:
        """Takes in an order that the record does not have yet; a rejected one is only kept."""
        self._step.received[order.number] = self._named[order.client_order_id] = order
        self.orders[order.number] = order
        if order.is_live:
            self.live[order.number] = order
            self.stakes.note(order, entry)

    def place(self, orders: Sequence[ExchangeOrder]) -> None:
        """Puts orders that were received into their books."""
        self.books.receive([order for order in orders if order.is_live])
        self.apply()

    def cancel(self, order: ExchangeOrder, at: datetime) -> None:
        """Cancels an open order, and the exits that are nothing without it."""
        self.books.of(order.symbol).end(
            order.number, microseconds(at), OrderState.CANCELLED, ON_REQUEST
        )
        self.apply()

    def replace(self, order: ExchangeOrder, terms: Replacement, at: datetime) -> None:
        """Gives an open order other terms."""
        self.books.of(order.symbol).replace(
            order.number,
            terms.quantity,
            price_units(terms.limit_price),
            price_units(terms.stop_price or order.stop_price),
            microseconds(at),
        )
        order.limit_price, order.changed_at = terms.limit_price, at
        order.stop_price = terms.stop_price or order.stop_price
        self._step.changed[order.number] = self._step.placed[order.number] = order
        self.answer(order, ReportKind.REPLACED, at, terms=terms)
        self.apply()
        self.stakes.note(order)

    def newest(self, client_order_id: str) -> ExchangeOrder | None:
        """The newest order received under a name."""
        if client_order_id in self._named:
            return self._named[client_order_id]
        named = self._record.orders_named(client_order_id)
        if not named:
            return None
        # Where it is on the floor, the very one that goes on filling.
        return self.orders.get(named[-1].number, named[-1])

    def symbols_of_groups(self, groups: Sequence[str]) -> dict[str, str]:
        """Which symbol the orders of each group trade, of groups that there are."""
        found = self._record.symbols_of_groups(groups) if groups else {}
        recent = self._recent().values()
        return found | {one.oca_group: one.symbol for one in recent if one.oca_group is not None}

    def apply(self) -> None:
        """Moves account, orders and reports by what has happened in the books."""
        for happening in self.books.take_happened():
            order = self.live[happening.number]
            if isinstance(happening, Execution):
                self._trade(order, happening)
            else:
                self._end(order, happening)
            self.stakes.note(order)
        for order in self.books.write_places(self.orders):
            self._step.placed[order.number] = order
            self.stakes.note(order)

    def answer(
        self,
        order: ExchangeOrder,
        kind: ReportKind,
        at: datetime,
        reason: str | None = None,
        terms: Replacement | None = None,
    ) -> datetime:
        """Answers, to what was done at a time, what a client asked; returns when that is said."""
        report = Report(
            kind, order.client_order_id, at, str(order.number), reason=reason, terms=terms
        )
        return self.outbox.say(order, Leg.ACK, report)

    def said(self, order: ExchangeOrder) -> datetime:
        """When the last thing is said of an order that is to be said of it so far."""
        return self.outbox.last(order.number) or self.account.reached

    def commit(self) -> list[Report]:
        """Commits what has changed; returns what is said by now, in order of time."""
        reports = self.outbox.take_said(self.account.reached)
        self.save()
        return reports

    def save(self) -> None:
        """Commits what has changed; what is said of it waits until something is asked for."""
        step, self._step = self._step, _Step()
        self._record.save(
            self.account,
            received=list(step.received.values()),
            changed=[one for number, one in step.changed.items() if number not in step.received],
            placed=[one for number, one in step.placed.items() if number not in step.received],
            fills=step.fills,
            on_their_way=self.outbox.pending,
        )

    def _trade(self, order: ExchangeOrder, execution: Execution) -> None:
        price = dollars(execution.price) + order.side.sign * execution.slippage
        ts = instant(execution.ts)
        value = execution.quantity * price
        commission = fill_commission(
            self._schedule(order),
            order.filled_quantity,
            order.filled_value,
            execution.quantity,
            price,
        ) + self._fees.of(order.side, execution.quantity, value)
        order.executions += 1
        order.filled_quantity += execution.quantity
        order.filled_value += value
        order.changed_at = ts
        order.state = OrderState.PARTIALLY_FILLED if order.remaining else OrderState.FILLED
        if not order.remaining:
            del self.live[order.number]
        fill = Fill(
            exec_id=f"{self._terms.account}.{order.number}.{order.executions}",
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=execution.quantity,
            price=price,
            commission=commission,
            ts=ts,
        )
        self.account.apply(fill)
        self.month_shares += fill.quantity
        self._step.fills.append((order.number, fill))
        self.fills.append(fill)
        self._step.changed[order.number] = order
        report = Report(ReportKind.FILLED, order.client_order_id, ts, str(order.number), fill=fill)
        self.outbox.say(order, Leg.FILL, report)

    def _schedule(self, order: ExchangeOrder) -> Schedule:
        if self._terms.commission == "fixed":
            return fixed_schedule
        return tiered_schedule(order.month_shares)

    def _end(self, order: ExchangeOrder, ending: Ending) -> None:
        order.state, order.reason = ending.state, ending.reason
        order.changed_at = instant(ending.ts)
        del self.live[order.number]
        self._step.changed[order.number] = order
        leg = Leg.ACK if ending.reason == ON_REQUEST else Leg.FILL
        self.outbox.say(order, leg, ended(order))

    def _recent(self) -> Mapping[int, ExchangeOrder]:
        """The orders that are open, or not as the record has them."""
        step = self._step
        return ChainMap(self.live, step.changed, step.placed, step.received)

    def _related(self, orders: Sequence[ExchangeOrder]) -> list[ExchangeOrder]:
        """The entries of orders, the other exits of those, and the other orders of their groups."""
        entries = {order.entry for order in orders if order.entry is not None}
        groups = {order.oca_group for order in orders if order.oca_group is not None}
        found = {one.number: one for one in self._record.related(sorted(entries), sorted(groups))}
        for number, one in self._recent().items():
            if number in entries or one.entry in entries or one.oca_group in groups:
                found[number] = one
        return [one for one in found.values() if one.state is not OrderState.REJECTED]


def ended(order: ExchangeOrder) -> Report:
    """The report of an order's end."""
    return Report(
        ReportKind(order.state.value),
        order.client_order_id,
        order.changed_at,
        str(order.number),
        order.reason,
        filled=order.filled_quantity,
    )
