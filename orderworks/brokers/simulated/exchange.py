"""The simulated exchange: receives orders, trades them along the tape, keeps account and record.

It lives on the market's time alone: nothing happens but by being asked to go on to a moment. What
one call changed is committed before the call returns, so an answer is never ahead of the record.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from operator import attrgetter

from orderworks.brokers.adapter import BrokerOrder, MarginEffect, Report, ReportKind, Snapshot
from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.admission import Admission
from orderworks.brokers.simulated.borrow import ShortSales
from orderworks.brokers.simulated.floor import Floor
from orderworks.brokers.simulated.latency import Leg
from orderworks.brokers.simulated.margin import Margin
from orderworks.brokers.simulated.market_rules import MarketRules
from orderworks.brokers.simulated.quiet import uncollected
from orderworks.brokers.simulated.record import ExchangeRecord
from orderworks.brokers.simulated.replacing import remainder, replacement_refusal, resolved
from orderworks.brokers.simulated.session_begin import begin_session
from orderworks.brokers.simulated.tapes import Tapes
from orderworks.brokers.simulated.terms import Terms
from orderworks.brokers.simulated.what_if import margin_effects
from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket
from orderworks.market.tape import microseconds
from orderworks.model.order import Order, Replacement
from orderworks.model.portfolio import Portfolio
from orderworks.model.state import OrderState

NOT_RESTING = "no such order rests"

_Refusal = Callable[[Order, ExchangeOrder | None, datetime], str | None]
"""Why an order, the exit of another or not, is not received at a time; None where it is."""


class SimulatedExchange:
    """One account at the exchange, during one session.

    What is asked of it is answered after the latency of its terms, and each call goes on until
    the last answer is there.

    Raises:
        SessionOver: if the account has gone on to a later session.
    """

    def __init__(
        self, record: ExchangeRecord, market: RecordedMarket, session: Session, terms: Terms
    ) -> None:
        self._record = record
        self._market = market
        self._session = session
        self._terms = terms
        self._account = record.load_account(
            ExchangeAccount(terms.account, session.open, terms.opening_cash, orders=0)
        )
        self._account.require_not_beyond(session)
        self._tapes = Tapes(market, session)
        if self._account.reached < session.open:
            begin_session(record, self._account, market, session, self._tapes, terms)
        self._rules = MarketRules(market, session, self._tapes, terms)
        since = record.shown_since(session)
        self._floor = Floor(
            record,
            session,
            terms,
            self._account,
            record.orders_since(since),
            record.fills_since(since),
            self._tapes,
            self._rules,
        )
        self._shorts = ShortSales(terms.can_short, market.borrowable(session.date))
        # They come into force as a session begins, and at no other time.
        self._actions = tuple(record.corporate_actions())

    @property
    def now(self) -> datetime:
        """The market time that the exchange has gone through."""
        return self._account.reached

    @uncollected()
    def submit(self, orders: Sequence[Order], at: datetime) -> list[Report]:
        """Receives orders sent at a market time; each is acknowledged or rejected with a reason."""
        self._floor.go_on(at)
        at = answered = self.now
        refusal = self._refusals(orders)
        received = [self._receive(order, at, refusal) for order in orders]
        for order in received:
            kind = ReportKind.ACKNOWLEDGED if order.is_live else ReportKind.REJECTED
            said = self._floor.answer(order, kind, order.changed_at, order.reason)
            answered = max(answered, said)
        self._floor.place(received)
        self._floor.go_on(answered)
        return self._floor.commit()

    def cancel(self, client_order_ids: Iterable[str], at: datetime) -> list[Report]:
        """Cancels what rests under these names; what does not rest is said to be done."""
        floor = self._floor
        floor.go_on(at)
        at = answered = self.now
        names = set(client_order_ids)
        asked = [order for order in floor.live.values() if order.client_order_id in names]
        for moment, order in self._taking_effect(asked, at):
            floor.go_on(moment)
            if order.is_live:
                floor.cancel(order, moment)
            elif order.state is not OrderState.CANCELLED:
                floor.answer(order, ReportKind.CANCEL_REFUSED, moment, NOT_RESTING)
            answered = max(answered, floor.said(order))
        for name in sorted(names - {order.client_order_id for order in asked}):
            said = floor.outbox.refuse(ReportKind.CANCEL_REFUSED, name, at, NOT_RESTING)
            answered = max(answered, said)
        floor.go_on(answered)
        return floor.commit()

    def replace(self, replacements: Sequence[Replacement], at: datetime) -> list[Report]:
        """Changes what rests under these names, or says why it stays as it is."""
        floor = self._floor
        floor.go_on(at)
        at = answered = self.now
        newest = {order.client_order_id: order for order in floor.live.values()}
        wanted = {one.client_order_id: one for one in replacements}
        asked = [newest[name] for name in wanted if name in newest]
        for moment, order in self._taking_effect(asked, at):
            floor.go_on(moment)
            self._replace(order, wanted[order.client_order_id], moment)
            answered = max(answered, floor.said(order))
        for name in sorted(wanted.keys() - newest.keys()):
            said = floor.outbox.refuse(ReportKind.REPLACE_REFUSED, name, at, NOT_RESTING)
            answered = max(answered, said)
        floor.go_on(answered)
        return floor.commit()

    def is_there(self, at: datetime) -> bool:
        """Whether the exchange has gone through a market time in every book."""
        return at <= self.now and self._account.laggards is None

    @uncollected()
    def advance(self, until: datetime, enough: int | None = None) -> list[Report]:
        """Goes on to a market time: trades what rests, ends what may not rest any longer.

        Args:
            enough: of what happens, for one call. What is then left of the way is gone by the next one, or
                before anything else that the exchange is asked.
        """
        if self.is_there(until):
            return []
        self._floor.go_on(until, enough)
        return self._floor.commit()

    def order(self, client_order_id: str) -> BrokerOrder | None:
        """The newest order received under a name."""
        newest = self._come_along().newest(client_order_id)
        return None if newest is None else newest.as_broker_order()

    def portfolio(self) -> Portfolio:
        """Cash and positions."""
        return self._come_along().account.portfolio()

    def margin(self) -> Margin:
        """Equity, buying power and what the positions ask for, at this moment."""
        floor = self._come_along()
        return floor.account.margin(floor.stakes.mark, self._terms.account_type)

    def what_if(self, orders: Iterable[Order]) -> list[MarginEffect]:
        """What each order would do to the margin, by itself; nothing is received."""
        return list(margin_effects(orders, self._come_along().stakes))

    @uncollected()
    def snapshot(self) -> Snapshot:
        """Everything of this session and of the one served before it, and what rests.

        The corporate actions are all that were ever applied: how long ago the ledger saw the account
        is not known here.
        """
        self._record.require_open()
        floor = self._come_along()
        return Snapshot(
            floor.account.reached,
            floor.account.portfolio(),
            tuple(order.as_broker_order() for order in floor.orders.values()),
            tuple(sorted(floor.fills, key=attrgetter("ts", "exec_id"))),
            self._actions,
        )

    def close(self) -> None:
        self._record.close()

    def _come_along(self) -> Floor:
        """The floor, to be looked at: every book at one time."""
        if self._account.laggards is not None:
            self._floor.catch_up()
            self._floor.save()
        return self._floor

    def _refusals(self, orders: Sequence[Order]) -> _Refusal:
        """Why an order of a batch is not received, judged on top of those before it."""
        groups = {order.oca_group for order in orders if order.oca_group is not None}
        traded = self._floor.symbols_of_groups(sorted(groups))
        self._rules.learn(order.symbol for order in orders)

        def refusal(order: Order, entry: ExchangeOrder | None, at: datetime) -> str | None:
            if order.oca_group is not None:
                symbol = traded.setdefault(order.oca_group, order.symbol)
                if symbol != order.symbol:
                    return f"the orders of group {order.oca_group} trade {symbol}"
            return self._admission.refusal(order, entry, at) or self._rules.refusal(order.symbol)

        return refusal

    @cached_property
    def _admission(self) -> Admission:
        symbols, stakes = self._market.symbols, self._floor.stakes
        return Admission(self._session, symbols, self._shorts, stakes)

    def _receive(self, order: Order, at: datetime, refusal: _Refusal) -> ExchangeOrder:
        self._account.orders += 1
        number = self._account.orders
        takes = self._terms.latencies.of(Leg.SUBMIT, self._terms.seed, lambda: str(number))
        arrived = at + takes if takes else at
        entry = None if order.attached_to is None else self._floor.newest(order.attached_to)
        reason = refusal(order, entry, at)
        received = ExchangeOrder(
            number=number,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            order_type=order.order_type,
            limit_price=order.limit_price,
            tif=order.tif,
            received_at=at,
            volume_at_arrival=self._tapes.reel(order.symbol).volume(microseconds(arrived)),
            state=OrderState.SUBMITTED if reason is None else OrderState.REJECTED,
            reason=reason,
            month_shares=self._floor.month_shares,
            filled_quantity=0,
            filled_value=Decimal(0),
            executions=0,
            changed_at=arrived,
            stop_price=order.stop_price,
            trail_amount=order.trail_amount,
            trail_percent=order.trail_percent,
            good_till=order.good_till,
            oca_group=order.oca_group,
            attached_to=order.attached_to,
            entry=None if entry is None or reason is not None else entry.number,
            arrived_at=arrived,
        )
        self._floor.receive(received, entry)
        return received

    def _taking_effect(
        self, orders: Sequence[ExchangeOrder], at: datetime
    ) -> list[tuple[datetime, ExchangeOrder]]:
        """When what is asked for at a time takes effect on each order; the first one first."""
        latencies, seed = self._terms.latencies, self._terms.seed

        def takes(order: ExchangeOrder) -> timedelta:
            return latencies.of(Leg.CANCEL, seed, lambda: f"{order.number}@{at.isoformat()}")

        moments = [(at + takes(one), one) for one in orders]
        return sorted(moments, key=lambda pair: (pair[0], pair[1].number))

    def _replace(self, order: ExchangeOrder, wanted: Replacement, moment: datetime) -> None:
        reason = (
            replacement_refusal(order, wanted) if order.is_live else NOT_RESTING
        ) or self._remainder_refusal(order, resolved(order, wanted), moment)
        if reason is None:
            self._floor.replace(order, resolved(order, wanted), moment)
        else:
            self._floor.answer(order, ReportKind.REPLACE_REFUSED, moment, reason)

    def _remainder_refusal(
        self, order: ExchangeOrder, terms: Replacement, moment: datetime
    ) -> str | None:
        stakes, asked = self._floor.stakes, remainder(order, terms, self._terms.account)
        with stakes.without(order):
            return self._admission.refusal(asked, stakes.entry_of(order), moment)
