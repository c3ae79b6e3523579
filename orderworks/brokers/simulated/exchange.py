"""The simulated exchange: receives orders, trades them along the tape, keeps account and record.

It lives on the market's time alone: nothing happens but by being asked to go on to a moment. What
one call changed is committed before the call returns, so an answer is never ahead of the record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Literal

from orderworks.brokers.adapter import BrokerOrder, Report, ReportKind, Snapshot
from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.admission import Admission
from orderworks.brokers.simulated.borrow import ShortSales
from orderworks.brokers.simulated.commission import (
    Schedule,
    fill_commission,
    fixed_schedule,
    tiered_schedule,
)
from orderworks.brokers.simulated.corporate_actions import apply_actions
from orderworks.brokers.simulated.fees import regulatory_fees
from orderworks.brokers.simulated.margin import AccountType, Margin
from orderworks.brokers.simulated.matching import Execution, Resting, match
from orderworks.brokers.simulated.record import ExchangeRecord
from orderworks.brokers.simulated.tapes import Standing, Tapes
from orderworks.market.calendar import NEW_YORK, Session, require_session
from orderworks.market.corporate_actions import close_before
from orderworks.market.data import RecordedMarket
from orderworks.market.tape import UNITS_PER_DOLLAR, dollars, instant, microseconds
from orderworks.model.corporate_action import AppliedAction
from orderworks.model.fill import Fill
from orderworks.model.order import Order, Side, TimeInForce
from orderworks.model.portfolio import Portfolio
from orderworks.model.state import OrderState

IMMEDIATE = timedelta(seconds=1)
"""How long an immediate-or-cancel order has: the tape tells what happened by the second."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms the exchange serves an account."""

    account: str
    opening_cash: Decimal
    participation_cap: float
    commission: Literal["fixed", "tiered"]
    allow_short: bool
    account_type: AccountType = "margin"


class SimulatedExchange:
    """One account at the exchange, during one session.

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
        self._live = {order.number: order for order in record.live_orders()}
        self._tapes = Tapes(market)
        self._month_shares = record.shares_since(session.open.replace(day=1, hour=0, minute=0))
        if self._account.reached < session.open:
            self._begin_session()
        self._shown_since = record.shown_since(session)

    @property
    def now(self) -> datetime:
        """The market time that the exchange has gone through."""
        return self._account.reached

    def submit(self, orders: Sequence[Order], at: datetime) -> list[Report]:
        """Receives orders at a market time; each is acknowledged or rejected with a reason."""
        reports = self.advance(at)
        at = self.now
        admission = Admission(
            self._session,
            self._market.symbols,
            ShortSales(
                self._terms.allow_short and self._terms.account_type == "margin",
                self._market.borrowable(self._session.date),
            ),
            self._terms.account_type,
            lambda symbol: self._standing(symbol).mark,
            self._account,
            self._live.values(),
            self._newest,
        )
        received = [self._receive(order, at, admission.refusal(order, at)) for order in orders]
        self._record.save(self._account, received=received)
        return reports + [
            Report(
                ReportKind.ACKNOWLEDGED if order.is_live else ReportKind.REJECTED,
                order.client_order_id,
                at,
                str(order.number),
                order.reason,
            )
            for order in received
        ]

    def cancel(self, client_order_ids: Iterable[str], at: datetime) -> list[Report]:
        """Cancels what rests under these names; what does not rest is said to be done."""
        reports = self.advance(at)
        at = self.now
        names = set(client_order_ids)
        resting = [order for order in self._live.values() if order.client_order_id in names]
        for order in resting:
            self._end(order, OrderState.CANCELLED, "cancelled on request", at)
        self._record.save(self._account, changed=resting)
        reports += [_ended(order, ReportKind.CANCELLED) for order in resting]
        reports += [
            Report(ReportKind.CANCEL_REFUSED, name, at, reason="no such order rests")
            for name in sorted(names - {order.client_order_id for order in resting})
        ]
        return reports

    def advance(self, until: datetime) -> list[Report]:
        """Goes on to a market time: trades what rests, expires what ends with the session."""
        if until <= self._account.reached:
            return []
        fills: list[tuple[int, Fill]] = []
        changed: dict[int, ExchangeOrder] = {}
        reports: list[Report] = []
        for order, execution in self._match(until):
            fill = self._trade(order, execution)
            fills.append((order.number, fill))
            changed[order.number] = order
            reports.append(
                Report(
                    ReportKind.FILLED, order.client_order_id, fill.ts, str(order.number), fill=fill
                )
            )
        for order in self._end_in_time(until):
            changed[order.number] = order
            reports.append(_ended(order, ReportKind(order.state.value)))
        # Stable: an order that ends in the second of its last fill ends after it.
        reports.sort(key=lambda report: report.ts)
        self._account.reached = until
        self._record.save(self._account, changed=list(changed.values()), fills=fills)
        return reports

    def order(self, client_order_id: str) -> BrokerOrder | None:
        """The newest order received under a name."""
        newest = self._newest(client_order_id)
        return None if newest is None else newest.as_broker_order()

    def portfolio(self) -> Portfolio:
        """Cash and positions."""
        return self._account.portfolio()

    def margin(self) -> Margin:
        """Equity, buying power and what the positions ask for, at this moment."""
        return self._account.margin(
            lambda symbol: self._standing(symbol).mark, self._terms.account_type
        )

    def snapshot(self) -> Snapshot:
        """Everything of this session and of the one served before it, and what rests.

        The corporate actions are all that were ever applied: how long ago the ledger saw the account
        is not known here.
        """
        since = self._shown_since
        return Snapshot(
            self._account.reached,
            self.portfolio(),
            tuple(order.as_broker_order() for order in self._record.orders_since(since)),
            tuple(self._record.fills_since(since)),
            tuple(self._record.corporate_actions()),
        )

    def close(self) -> None:
        self._record.close()

    # What happens to orders ---------------------------------------------------------------------

    def _begin_session(self) -> None:
        """Opens a session that is later than the one served last: day orders ended with theirs."""
        carried = list(self._live.values())
        left_on = self._account.reached.astimezone(NEW_YORK).date()
        self._account.reached = self._session.open
        for order in carried:
            if order.tif == TimeInForce.GTC:
                # The tape of its first session is gone. What it took from that is all that is
                # sure to have traded of the volume that its cap counts.
                taken = ceil(order.filled_quantity / self._terms.participation_cap)
                order.volume_at_arrival = self._standing(order.symbol).volume - taken
            else:
                received_on = require_session(order.received_at.astimezone(NEW_YORK).date())
                self._end(order, OrderState.EXPIRED, "the session ended", received_on.close)
        applied = self._apply_corporate_actions(left_on)
        self._record.save(self._account, changed=carried, actions=applied)

    def _apply_corporate_actions(self, left_on: date) -> list[AppliedAction]:
        """What issuers did since the session that the account was left in."""
        applied = apply_actions(
            self._market.corporate_actions(left_on, self._session.date),
            self._account,
            self._live.values(),
            lambda action: close_before(self._market, action),
            self._session.open,
        )
        for order, reason in applied.cancelled:
            self._end(order, OrderState.CANCELLED, reason, self._session.open)
        return applied.actions

    def _receive(self, order: Order, at: datetime, reason: str | None) -> ExchangeOrder:
        self._account.orders += 1
        received = ExchangeOrder(
            number=self._account.orders,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            order_type=order.order_type.value,
            limit_price=order.limit_price,
            tif=order.tif.value,
            received_at=at,
            volume_at_arrival=self._standing(order.symbol).volume,
            state=OrderState.SUBMITTED if reason is None else OrderState.REJECTED,
            reason=reason,
            month_shares=self._month_shares,
            filled_quantity=0,
            filled_value=Decimal(0),
            executions=0,
            changed_at=at,
            stop_price=order.stop_price,
            trail_amount=order.trail_amount,
            trail_percent=order.trail_percent,
            good_till=order.good_till,
            oca_group=order.oca_group,
            attached_to=order.attached_to,
        )
        if received.is_live:
            self._live[received.number] = received
        return received

    def _match(self, until: datetime) -> list[tuple[ExchangeOrder, Execution]]:
        """Every execution of resting orders up to ``until``, in time order."""
        begin = max(self._account.reached, self._session.open)
        end = min(until, self._session.close)
        by_symbol: dict[str, list[Resting]] = {}
        for order in self._live.values():
            by_symbol.setdefault(order.symbol, []).append(_resting(order))
        executed = [
            (self._live[execution.number], execution)
            for symbol, book in by_symbol.items()
            for execution in match(
                self._tapes.between(symbol, begin, end),
                book,
                self._terms.participation_cap,
            )
        ]
        executed.sort(key=lambda pair: (pair[1].ts, pair[0].number))
        return executed

    def _trade(self, order: ExchangeOrder, execution: Execution) -> Fill:
        price = dollars(execution.price)
        ts = instant(execution.ts)
        commission = fill_commission(
            self._schedule(order),
            order.filled_quantity,
            order.filled_value,
            execution.quantity,
            price,
        ) + regulatory_fees(order.side, execution.quantity, price, self._session.date)
        order.executions += 1
        order.filled_quantity += execution.quantity
        order.filled_value += execution.quantity * price
        order.changed_at = ts
        order.state = OrderState.PARTIALLY_FILLED if order.remaining else OrderState.FILLED
        if not order.remaining:
            del self._live[order.number]
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
        self._account.apply(fill)
        self._month_shares += fill.quantity
        return fill

    def _schedule(self, order: ExchangeOrder) -> Schedule:
        if self._terms.commission == "fixed":
            return fixed_schedule
        return tiered_schedule(order.month_shares)

    def _end_in_time(self, until: datetime) -> list[ExchangeOrder]:
        """Ends what may not rest until ``until``: immediate orders, and at the close day orders."""
        close = self._session.close
        ended = []
        for order in list(self._live.values()):
            immediate_until = order.received_at + IMMEDIATE
            if order.tif == TimeInForce.IOC and immediate_until <= min(until, close):
                self._end(order, OrderState.CANCELLED, "not filled at once", immediate_until)
            elif order.tif != TimeInForce.GTC and until >= close:
                self._end(order, OrderState.EXPIRED, "the session ended", close)
            else:
                continue
            ended.append(order)
        return ended

    def _end(self, order: ExchangeOrder, state: OrderState, reason: str, at: datetime) -> None:
        order.state, order.reason, order.changed_at = state, reason, at
        del self._live[order.number]

    def _newest(self, client_order_id: str) -> ExchangeOrder | None:
        named = self._record.orders_named(client_order_id)
        return named[-1] if named else None

    def _standing(self, symbol: str) -> Standing:
        return self._tapes.standing(symbol, self.now)


def _resting(order: ExchangeOrder) -> Resting:
    return Resting(
        number=order.number,
        is_buy=order.side is Side.BUY,
        quantity=order.quantity,
        limit=None if order.limit_price is None else int(order.limit_price * UNITS_PER_DOLLAR),
        volume_at_arrival=order.volume_at_arrival,
        filled=order.filled_quantity,
        good_until=microseconds(order.received_at + IMMEDIATE)
        if order.tif == TimeInForce.IOC
        else None,
    )


def _ended(order: ExchangeOrder, kind: ReportKind) -> Report:
    return Report(kind, order.client_order_id, order.changed_at, str(order.number), order.reason)
