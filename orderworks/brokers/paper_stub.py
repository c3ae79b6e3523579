"""A stand-in broker: fills at once, near the price, so that a workflow can be rehearsed anywhere.

Its account starts as a small demo portfolio and is kept in the same durable record as the
simulated exchange's. Every order is acknowledged before it is filled.
"""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from orderworks.brokers.adapter import (
    BrokerOrder,
    Health,
    MarginEffect,
    Report,
    ReportKind,
    Snapshot,
)
from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.brokers.simulated.record import ExchangeRecord
from orderworks.brokers.simulated.record_schema import reached_by
from orderworks.market.calendar import Session
from orderworks.market.data import MarketData
from orderworks.model.clock import Clock
from orderworks.model.errors import BrokerError
from orderworks.model.fill import Fill
from orderworks.model.instrument import Instrument
from orderworks.model.order import Order, OrderType, Replacement
from orderworks.model.portfolio import Portfolio
from orderworks.model.state import OrderState

OPENING_CASH = Decimal(100_000)
OPENING_POSITIONS = {
    "AAPL": (100, Decimal(15_000)),
    "MSFT": (50, Decimal(15_000)),
    "GOOG": (20, Decimal(50_000)),
}
"""Symbol -> shares and what they cost."""

STOPS = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
ON_REQUEST = "cancelled on request"


class PaperStubBroker:
    """Fills every order in full: a limit order at its limit, a market order near the mid.

    A market order pays a small seeded slippage. A limit order pays none: it is never filled worse
    than its limit.
    """

    provider = "paper_stub"
    mode = "paper"

    def __init__(
        self,
        url: str,
        account: str,
        market: MarketData,
        session: Session,
        clock: Clock,
        *,
        seed: int,
        slippage_bps: float,
    ) -> None:
        self.account = account
        self._url = url
        self._market = market
        self._session = session
        self._clock = clock
        self._seed = seed
        self._slippage_bps = slippage_bps
        self._record: ExchangeRecord | None = None
        self._state = ExchangeAccount(account, session.open, OPENING_CASH, 0)
        self._shown_since = session.open

    async def market_time(self) -> datetime | None:
        return reached_by(self._url, self.account)

    async def connect(self) -> None:
        if self._record is None:
            record = ExchangeRecord(self._url, self.account)
            opening = ExchangeAccount(
                self.account, self._session.open, OPENING_CASH, 0, dict(OPENING_POSITIONS)
            )
            try:
                self._state = record.load_account(opening)
                self._state.require_not_beyond(self._session)
                self._shown_since = record.shown_since(self._session)
            except BaseException:
                record.close()
                raise
            self._record = record
        await self._clock.sleep_until(self._state.reached)

    async def close(self) -> None:
        if self._record is not None:
            self._record.close()
            self._record = None

    async def prepare(self, symbols: Sequence[str]) -> None:
        """Nothing has to be asked."""

    async def room_for(self, messages: int) -> int:
        return messages

    async def submit_orders(self, orders: Sequence[Order]) -> list[Report]:
        at = self._clock.now()
        received: list[ExchangeOrder] = []
        fills: list[tuple[int, Fill]] = []
        reports: list[Report] = []
        mids = self._mids(at, [order.symbol for order in orders if order.limit_price is None])
        for order in orders:
            if _waits(order):
                mine, fill = self._rest(order, at), None
            else:
                mine, fill = self._fill(order, self._price(order, mids), at)
            received.append(mine)
            reports.append(
                Report(ReportKind.ACKNOWLEDGED, order.client_order_id, at, str(mine.number))
                if mine.state is not OrderState.REJECTED
                else Report(
                    ReportKind.REJECTED, order.client_order_id, at, str(mine.number), mine.reason
                )
            )
            if fill is not None:
                fills.append((mine.number, fill))
                reports.append(
                    Report(ReportKind.FILLED, fill.client_order_id, at, str(mine.number), fill=fill)
                )
        self._state.reached = at
        self._open_record.save(self._state, received=received, fills=fills)
        return reports

    async def cancel_orders(self, client_order_ids: Sequence[str]) -> list[Report]:
        at = self._clock.now()
        resting = {one.client_order_id: one for one in self._open_record.live_orders()}
        ended = [resting[name] for name in client_order_ids if name in resting]
        for order in ended:
            order.state, order.reason, order.changed_at = OrderState.CANCELLED, ON_REQUEST, at
        self._open_record.save(self._state, changed=ended)
        return [
            Report(ReportKind.CANCELLED, name, at, reason=ON_REQUEST)
            if name in resting
            else Report(ReportKind.CANCEL_REFUSED, name, at, reason="no such order rests")
            for name in client_order_ids
        ]

    async def replace_orders(self, replacements: Sequence[Replacement]) -> list[Report]:
        at = self._clock.now()
        return [
            Report(
                ReportKind.REPLACE_REFUSED, one.client_order_id, at, reason="no such order rests"
            )
            for one in replacements
        ]

    async def events(self, until: datetime) -> AsyncIterator[list[Report]]:
        await self._clock.sleep_until(until)
        self._state.reached = max(self._state.reached, until)
        self._open_record.save(self._state)
        nothing: list[list[Report]] = []
        for reports in nothing:
            yield reports

    async def get_order_status(self, client_order_id: str) -> BrokerOrder | None:
        named = self._open_record.orders_named(client_order_id)
        return named[-1].as_broker_order() if named else None

    async def get_portfolio(self) -> Portfolio:
        return self._state.portfolio()

    async def what_if(self, orders: Sequence[Order]) -> list[MarginEffect]:
        """It keeps no margin, and knows none."""
        return []

    async def snapshot(self) -> Snapshot:
        record, since = self._open_record, self._shown_since
        return Snapshot(
            self._clock.now(),
            self._state.portfolio(),
            tuple(order.as_broker_order() for order in record.orders_since(since)),
            tuple(record.fills_since(since)),
        )

    async def health_check(self) -> Health:
        return Health(True, f"paper stub of account {self.account}: fills are made up")

    def _fill(
        self, order: Order, price: Decimal | None, at: datetime
    ) -> tuple[ExchangeOrder, Fill | None]:
        mine = self._rest(order, at)
        if price is None:
            mine.state, mine.reason = OrderState.REJECTED, f"no quote for {order.symbol}"
            return mine, None
        mine.state, mine.filled_quantity, mine.executions = OrderState.FILLED, order.quantity, 1
        mine.filled_value = order.quantity * price
        fill = Fill(
            f"{self.account}.{mine.number}.1",
            order.client_order_id,
            order.symbol,
            order.side,
            order.quantity,
            price,
            Decimal(0),
            at,
        )
        self._state.apply(fill)
        return mine, fill

    def _rest(self, order: Order, at: datetime) -> ExchangeOrder:
        self._state.orders += 1
        return ExchangeOrder(
            number=self._state.orders,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            order_type=order.order_type.value,
            limit_price=order.limit_price,
            tif=order.tif.value,
            received_at=at,
            volume_at_arrival=0,
            month_shares=0,
            state=OrderState.SUBMITTED,
            reason=None,
            filled_quantity=0,
            filled_value=Decimal(0),
            executions=0,
            changed_at=at,
            stop_price=order.stop_price,
        )

    def _mids(self, at: datetime, symbols: Sequence[str]) -> dict[str, Decimal]:
        """The mid of each symbol that has one: with both sides quoted."""
        quotes = self._market.quotes_at(at, list(dict.fromkeys(symbols)))
        return {
            symbol: (Decimal(str(bid)) + Decimal(str(ask))) / 2
            for symbol, bid, ask in zip(quotes["symbol"], quotes["bid"], quotes["ask"], strict=True)
            if bid > 0 and ask > 0
        }

    def _price(self, order: Order, mids: Mapping[str, Decimal]) -> Decimal | None:
        """The limit, or the mid and a slippage; None where there is neither."""
        if order.limit_price is not None:
            return order.limit_price
        mid = mids.get(order.symbol)
        return None if mid is None else self._slipped(order, mid)

    def _slipped(self, order: Order, base: Decimal) -> Decimal:
        """``base``, worse by up to ``slippage_bps``: always the same for the same order."""
        # Not for secrets: the same order must always get the same price.
        draw = random.Random(f"{self._seed}:{order.client_order_id}").random()  # noqa: S311
        worse = base * Decimal(str(round(draw * self._slippage_bps, 6))) / 10_000
        tick = Instrument(order.symbol).tick_at(base)
        exact = base + order.side.sign * worse
        return max(tick, (exact / tick).to_integral_value() * tick)

    @property
    def _open_record(self) -> ExchangeRecord:
        if self._record is None:
            raise BrokerError(f"the paper stub of account {self.account} is not connected")
        return self._record


def _waits(order: Order) -> bool:
    """Whether it waits for a price that the stub never comes to: it rests until it is cancelled."""
    return order.attached_to is not None or order.order_type in STOPS
