"""Orders of every type at the exchange at once: whatever is asked of it, in whatever order.

What was asked for is remembered here; everything else is the exchange's own record.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from recorded_rows import everything_recorded
from small_market import SESSION, SLOW, Opens, QuoteRow, TradeRow, at, order, recorded

from orderworks.brokers.adapter import BrokerOrder, Report, ReportKind
from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.latency import Latencies
from orderworks.brokers.simulated.matching.slippage import FixedBasisPoints, VolumeShare
from orderworks.market.replay import ReplayMarket
from orderworks.model.fill import Fill
from orderworks.model.order import Order, OrderType, Replacement, Side, TimeInForce
from orderworks.model.state import TERMINAL, OrderState

NUMBERS = count(1)
SYMBOLS = {"A": 10_000, "B": 2_000}
"""Where each begins, in cents."""
LENGTH = 60
"""Seconds in which something is quoted or traded."""


def wandering() -> tuple[list[QuoteRow], list[TradeRow]]:
    """A minute in which prices wander, and sometimes neither are quoted nor trade."""
    quotes: list[QuoteRow] = []
    trades: list[TradeRow] = []
    for symbol, mid in SYMBOLS.items():
        draws = random.Random(symbol)
        for second in range(LENGTH):
            mid += draws.choice([-5, -2, -1, 0, 1, 2, 5])
            bid, ask = mid - draws.randint(1, 2), mid + draws.randint(1, 2)
            if draws.random() < 0.9:
                sizes = draws.choice([100, 300]), draws.choice([100, 300])
                quotes.append((second, symbol, bid / 100, ask / 100, *sizes))
            if draws.random() < 0.8:
                low, high = mid - draws.randint(0, 3), mid + draws.randint(0, 3)
                trades.append((second, symbol, low / 100, high / 100, draws.randint(1, 1_500)))
    return quotes, trades


QUOTES, TRADES = wandering()


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, TRADES)


def prices_at(symbol: str, ts: datetime) -> list[float]:
    """The quote that stands at a time, and the range of what trades then; at the close, did last."""
    second = (ts - SESSION.open).total_seconds()
    quotes = [row for row in QUOTES if row[1] == symbol and row[0] <= second]
    trades = [row for row in TRADES if row[1] == symbol and row[0] <= second]
    now = [row for row in trades if row[0] == second or ts == SESSION.close]
    return [*quotes[-1][2:4], *(price for row in now[-1:] for price in row[2:4])]


SIDES = st.sampled_from(["buy", "sell"])
SHARES = st.integers(1, 500)
OFFSETS = st.integers(-25, 25)
"""Cents from where a symbol begins."""
RESTING = st.sampled_from([TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD])
TERMS = st.one_of(
    st.fixed_dictionaries({"limit": st.none() | OFFSETS, "tif": st.sampled_from(TimeInForce)}),
    st.fixed_dictionaries({"limit": OFFSETS, "tif": RESTING}),
    st.fixed_dictionaries({"stop": OFFSETS, "limit": st.none() | OFFSETS, "tif": RESTING}),
    st.fixed_dictionaries({"trail_amount": st.sampled_from([Decimal("0.02"), Decimal("0.10")])}),
    st.fixed_dictionaries({"trail_percent": st.just(Decimal("0.002"))}),
)
"""What an order is to be, its prices as cents from where its symbol begins."""
EXITS = st.lists(st.tuples(st.integers(1, 150) | SHARES, TERMS), min_size=1, max_size=2)
AT_ONCE = st.just({"limit": None, "tif": TimeInForce.DAY})


def priced(symbol: str, offset: int | None) -> str | None:
    return None if offset is None else str(Decimal(SYMBOLS[symbol] + offset) / 100)


class Interleaved(RuleBasedStateMachine):
    """One account at the exchange, and what has been asked for in it."""

    opens: Callable[..., SimulatedExchange]
    ledger_url: str

    def __init__(self) -> None:
        super().__init__()
        self.account = f"machine-{next(NUMBERS)}"
        self.calls: list[tuple[str, Any, datetime]] = []
        self.reports: list[Report] = []
        self.sent: dict[str, Order] = {}
        self.ordered: dict[str, int] = {}
        self.limits: dict[str, set[Decimal]] = {}
        self.shown: dict[str, BrokerOrder] = {}
        self.fills: dict[str, Fill] = {}
        self.groups: dict[str, list[str]] = {}
        self.together: dict[str, tuple[int, int]] = {}
        self.second = 0.0
        self.names = (f"ow-{number}" for number in count(1))

    @initialize(
        latencies=st.sampled_from([Latencies(), SLOW]),
        slippage=st.sampled_from([None, VolumeShare(), FixedBasisPoints()]),
        seed=st.integers(0, 3),
        bands=st.booleans(),
    )
    def open(self, latencies: Latencies, slippage: Any, seed: int, bands: bool) -> None:
        self.terms = {
            "opening_cash": Decimal(10_000_000),
            "participation_cap": 0.5,
            "latencies": latencies,
            "slippage": slippage,
            "seed": seed,
            "price_bands": bands,
        }
        self.exchange = self.opens(account=self.account, **self.terms)

    # What is asked for --------------------------------------------------------------------------

    @rule(symbol=st.sampled_from([*SYMBOLS]), side=SIDES, quantity=SHARES, terms=TERMS)
    def submit(self, symbol: str, side: str, quantity: int, terms: dict[str, Any]) -> None:
        self.send([self.asked(symbol, side, quantity, terms)])

    @rule(symbol=st.sampled_from([*SYMBOLS]), side=SIDES, legs=EXITS)
    def submit_group(self, symbol: str, side: str, legs: list[tuple[int, dict[str, Any]]]) -> None:
        """Some legs of a group: a new one, or one that there is."""
        name = f"{symbol}-{side}-{len(self.groups) % 3}"
        sent = [
            self.asked(symbol, side, quantity, terms, oca_group=name) for quantity, terms in legs
        ]
        self.groups.setdefault(name, []).extend(one.client_order_id for one in sent)
        self.send(sent)

    @rule(symbol=st.sampled_from([*SYMBOLS]), side=SIDES, quantity=SHARES, terms=TERMS, exits=EXITS)
    def submit_bracket(
        self, symbol: str, side: str, quantity: int, terms: dict[str, Any], exits: list[Any]
    ) -> None:
        entry = self.asked(symbol, side, quantity, terms)
        self.send([entry, *self.exits_of(entry, exits)])

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), exits=EXITS)
    def attach(self, data: st.DataObject, exits: list[Any]) -> None:
        """Exits of what is there already, open or ended."""
        name = data.draw(st.sampled_from([*self.sent]))
        self.send(self.exits_of(self.sent[name], exits))

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        names = st.lists(st.sampled_from([*self.sent]), min_size=1, max_size=2)
        self.ask("cancel", data.draw(names))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), quantity=SHARES, offset=OFFSETS)
    def replace(self, data: st.DataObject, quantity: int, offset: int) -> None:
        one = self.sent[data.draw(st.sampled_from([*self.sent]))]
        moved = Decimal(SYMBOLS[one.symbol] + offset) / 100
        limit, stop = (
            None if price is None else moved for price in (one.limit_price, one.stop_price)
        )
        if limit is not None:
            self.limits[one.client_order_id].add(limit)
        self.ask("replace", [Replacement(one.client_order_id, quantity, limit, stop)])

    @rule(seconds=st.sampled_from([0.4, 1, 1, 3, 10]))
    def wait(self, seconds: float) -> None:
        self.second += seconds
        self.ask("advance")

    @rule(seconds=st.sampled_from([1, 10]), enough=st.integers(1, 3))
    def begin_to_wait(self, seconds: float, enough: int) -> None:
        """Some books may lag behind now, and come along with whatever is next."""
        self.second += seconds
        self.call("advance", enough)

    @rule()
    def die(self) -> None:
        """Each call has committed what it did, so closing loses what dying would."""
        self.exchange.close()
        self.exchange = self.opens(account=self.account, **self.terms)
        self.check()

    def teardown(self) -> None:
        if not hasattr(self, "exchange"):
            return
        try:
            self.second = (SESSION.close - SESSION.open).total_seconds() + 60
            self.ask("advance")
            self.tell_all_that_was_filled()
            self.live_again()
        finally:
            self.exchange.close()

    def asked(
        self, symbol: str, side: str, quantity: int, terms: dict[str, Any], **more: Any
    ) -> Order:
        prices = {name: priced(symbol, terms[name]) for name in ("limit", "stop") if name in terms}
        return order(symbol, side, quantity, name=next(self.names), **(terms | prices | more))

    def exits_of(self, entry: Order, exits: list[tuple[int, dict[str, Any]]]) -> list[Order]:
        name = entry.client_order_id
        sent = [
            self.asked(entry.symbol, entry.side.opposite, quantity, terms, attached_to=name)
            for quantity, terms in exits
        ]
        self.groups.setdefault(name, []).extend(one.client_order_id for one in sent)
        return sent

    def send(self, orders: list[Order]) -> None:
        for one in orders:
            self.sent[one.client_order_id] = one
            self.ordered[one.client_order_id] = one.quantity
            self.limits[one.client_order_id] = {one.limit_price} - {None}
        self.ask("submit", orders)

    def ask(self, call: str, content: Any = None) -> None:
        self.call(call, content)
        self.check()

    def call(self, call: str, content: Any) -> None:
        self.calls.append((call, content, at(self.second)))
        reports = called(self.exchange, *self.calls[-1])
        self.reports += reports
        for report in reports:
            if report.kind is ReportKind.REPLACED:
                assert report.terms is not None
                self.ordered[report.client_order_id] = report.terms.quantity

    # What must hold -----------------------------------------------------------------------------

    def check(self) -> None:
        snapshot = self.exchange.snapshot()
        orders = {one.client_order_id: one for one in snapshot.orders}
        assert orders.keys() == self.sent.keys()
        assert len(snapshot.orders) == len(orders)
        fills = {one.exec_id: one for one in snapshot.executions}
        assert len(fills) == len(snapshot.executions)
        assert fills.items() >= self.fills.items()
        for exec_id in fills.keys() - self.fills.keys():
            self.is_within_the_market(fills[exec_id])
        self.fills = fills
        filled = Counter[str]()
        for fill in fills.values():
            filled[fill.client_order_id] += fill.quantity
        for name, one in orders.items():
            self.is_conserved(name, one, filled[name])
            self.never_loosens(name, one)
        for group, names in self.groups.items():
            self.stay_together(group, [orders[name] for name in names], filled)
        self.shown = orders

    def is_conserved(self, name: str, one: BrokerOrder, filled: int) -> None:
        """Filled, open and ended is what was ordered; what has ended stays as it is."""
        assert one.quantity == self.ordered[name]
        assert filled == one.filled_quantity <= one.quantity
        rest = one.quantity - filled
        is_open = one.state in (OrderState.SUBMITTED, OrderState.PARTIALLY_FILLED)
        assert (rest > 0) if is_open else one.state in TERMINAL
        assert (one.state is OrderState.FILLED) == (rest == 0)
        assert (one.state is OrderState.PARTIALLY_FILLED) <= (filled > 0)
        assert (one.state in (OrderState.SUBMITTED, OrderState.REJECTED)) <= (filled == 0)
        before = self.shown.get(name)
        if before is not None and before.state in TERMINAL:
            assert one == before

    def never_loosens(self, name: str, one: BrokerOrder) -> None:
        sent, before = self.sent[name], self.shown.get(name)
        if sent.order_type is not OrderType.TRAILING_STOP or before is None:
            return
        if before.stop_price is not None:
            assert one.stop_price is not None
            assert (one.stop_price - before.stop_price) * sent.side.sign <= 0

    def stay_together(self, group: str, orders: list[BrokerOrder], filled: Counter[str]) -> None:
        """No more than the largest is, and exits no more than their entry has filled."""
        received = [one for one in orders if one.state is not OrderState.REJECTED]
        shares = sum(filled[one.client_order_id] for one in received)
        largest = max((one.quantity for one in received), default=0)
        # One that was made smaller since may have been the largest when it filled.
        assert shares <= max(largest, *self.together.get(group, (0, 0)))
        self.together[group] = largest, shares
        if group in self.sent:
            assert shares <= filled[group]

    def is_within_the_market(self, fill: Fill) -> None:
        prices = [Decimal(str(price)) for price in prices_at(fill.symbol, fill.ts)]
        worse = Decimal(0) if self.terms["slippage"] is None else max(prices) * 5 / 10_000
        buys = fill.side is Side.BUY
        assert min(prices) - (not buys) * worse <= fill.price <= max(prices) + buys * worse
        limits = self.limits[fill.client_order_id]
        if limits:
            assert fill.price <= max(limits) if buys else fill.price >= min(limits)
        assert fill.side is self.sent[fill.client_order_id].side

    def tell_all_that_was_filled(self) -> None:
        """Once everything is said, each fill and each end has been reported once."""
        told = Counter(report.fill for report in self.reports if report.fill is not None)
        assert told == Counter(self.fills.values())
        ends = Counter(report.client_order_id for report in self.reports if report.kind in _ENDS)
        for name, one in self.shown.items():
            assert ends[name] == (one.state in TERMINAL and one.state is not OrderState.FILLED)

    def live_again(self) -> None:
        """The same calls on the same terms: the same reports, snapshot and record, byte by byte."""
        twin = self.account.replace("machine", "another")
        exchange = self.opens(account=twin, **self.terms)
        try:
            reports = [report for call in self.calls for report in called(exchange, *call)]
            snapshots = [repr(one.snapshot()) for one in (self.exchange, exchange)]
        finally:
            exchange.close()
        assert repr(reports).replace(twin, self.account) == repr(self.reports)
        assert snapshots[1].replace(twin, self.account) == snapshots[0]
        mine, others = (
            repr(everything_recorded(self.ledger_url, one)) for one in (self.account, twin)
        )
        assert others == mine


_ENDS = (ReportKind.REJECTED, ReportKind.CANCELLED, ReportKind.EXPIRED)


def called(exchange: SimulatedExchange, call: str, content: Any, moment: datetime) -> list[Report]:
    if call == "advance":
        return exchange.advance(moment, content)
    answer: list[Report] = getattr(exchange, call)(content, moment)
    return answer


@pytest.mark.hypothesis
def test_whatever_is_asked_for_in_whatever_order(
    opens: Opens, market: ReplayMarket, ledger_url: str
) -> None:
    class Machine(Interleaved):
        pass

    Machine.opens = staticmethod(lambda **terms: opens(market, **terms))
    Machine.ledger_url = ledger_url
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=settings.default.max_examples // 2,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
