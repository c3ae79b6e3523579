"""The simulated exchange: what it receives, refuses, trades, keeps, and knows after a crash."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_rows import everything_recorded
from small_market import (
    ACCOUNT,
    LATER,
    SESSION,
    SLOW,
    Opens,
    QuoteRow,
    TradeRow,
    at,
    order,
    recorded,
)

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.commission import ibkr_fixed, ibkr_tiered
from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.fees import regulatory_fees
from orderworks.brokers.simulated.latency import Latencies
from orderworks.brokers.simulated.matching.slippage import FixedBasisPoints, Slippage, VolumeShare
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock
from orderworks.model.errors import BrokerError, SessionOver
from orderworks.model.fill import Fill
from orderworks.model.order import Replacement, TimeInForce
from orderworks.model.state import OrderState

RUNS = count(1)
SECONDS = range(1, 41)
QUOTES: list[QuoteRow] = [
    *((second, "A", 99.99, 100.01, 300, 200) for second in (-3, *SECONDS)),
    *((second, "B", 20.0 + second / 100, 20.02 + second / 100, 500, 500) for second in SECONDS),
    (1, "QUIET", 50.0, 50.1, 100, 100),
    (30, "LATE", 10.0, 10.02, 100, 100),
]
TRADES: list[TradeRow] = [
    (second, symbol, price, price, 1_000)
    for second in SECONDS
    for symbol, price in (("A", 100.0), ("B", 20.01 + second / 100))
]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    """A is quoted 99.99 to 100.01 all along, B climbs a cent a second, QUIET never trades."""
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, TRADES)


@pytest.fixture(scope="module")
def next_market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    """The same rows in the session after."""
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, TRADES, LATER)


@pytest.fixture
def exchange(opens: Opens, market: ReplayMarket) -> SimulatedExchange:
    return opens(market)


def said(reports: list[Report]) -> list[tuple[ReportKind, str, str | None]]:
    return [(report.kind, report.client_order_id, report.reason) for report in reports]


def fills(reports: list[Report]) -> list[Fill]:
    return [report.fill for report in reports if report.fill is not None]


# Receiving --------------------------------------------------------------------------------------


def test_an_order_is_acknowledged_and_then_filled_in_parts(exchange: SimulatedExchange) -> None:
    (received,) = exchange.submit([order("A", "buy", 250, name="ow-x")], at(1))
    assert (received.kind, received.client_order_id, received.ts, received.broker_order_id) == (
        ReportKind.ACKNOWLEDGED,
        "ow-x",
        at(1),
        "1",
    )
    first = fills(exchange.advance(at(3)))
    assert [(fill.ts, fill.quantity, fill.price) for fill in first] == [
        (at(2), 100, Decimal("100.01")),
        (at(3), 100, Decimal("100.01")),
    ]
    partly = exchange.order("ow-x")
    assert partly is not None
    assert (partly.state, partly.filled_quantity) == (OrderState.PARTIALLY_FILLED, 200)

    (last,) = fills(exchange.advance(at(9)))
    assert (last.ts, last.quantity, last.exec_id) == (at(4), 50, "SIM1.1.3")
    done = exchange.order("ow-x")
    assert done is not None
    assert (done.state, done.filled_quantity, done.ts) == (OrderState.FILLED, 250, at(4))
    assert exchange.advance(SESSION.close) == []


@pytest.mark.parametrize(
    ("second", "asked", "reason"),
    [
        (23_400, ("A", "buy", 1), "the market is closed at 21:00:00 UTC"),
        (1, ("NONE", "buy", 1), "no such security: NONE"),
        (1, ("LATE", "buy", 1), "no quote for LATE yet"),
        (1, ("A", "buy", 1, "120.01"),
         "limit 120.01 is 20 % through the market at 100.0000, more than 20 %"),
        (1, ("A", "sell", 1, "70"),
         "limit 70 is 30 % through the market at 100.0000, more than 20 %"),
        (1, ("A", "buy", 1, "100.005"), "limit 100.005 is not a multiple of 0.01"),
        (1, ("A", "buy", 2_001), "insufficient equity: 2000 shares are affordable"),
        (1, ("A", "sell", 2_001), "insufficient equity: 2000 shares are affordable"),
    ],
)  # fmt: skip
def test_a_rejected_order_says_why_and_never_trades(
    exchange: SimulatedExchange, second: float, asked: tuple[Any, ...], reason: str
) -> None:
    sent = order(*asked)
    assert said(exchange.submit([sent], at(second))) == [
        (ReportKind.REJECTED, sent.client_order_id, reason)
    ]
    assert exchange.advance(SESSION.close) == []
    kept = exchange.order(sent.client_order_id)
    assert kept is not None
    assert (kept.state, kept.reason, kept.filled_quantity) == (OrderState.REJECTED, reason, 0)


def test_far_limits_on_the_passive_side_and_before_the_first_quote_are_received(
    exchange: SimulatedExchange,
) -> None:
    sent = [
        order("A", "buy", 1, "1.00"),
        order("A", "sell", 1, "999"),
        order("LATE", "buy", 1, "9"),
    ]
    assert {report.kind for report in exchange.submit(sent, at(1))} == {ReportKind.ACKNOWLEDGED}


def test_orders_of_one_batch_share_the_equity(exchange: SimulatedExchange) -> None:
    sent = [
        order("A", "buy", 1_500, "100"),
        order("B", "buy", 3_000),
        order("A", "buy", 100, "100"),
    ]
    reports = exchange.submit(sent, at(1))
    # Equity of 100,000 carries 200,000: 150,000 of A leave 50,000 at 20.02 a share of B.
    assert [report.reason for report in reports] == [
        None,
        "insufficient equity: 2497 shares are affordable",
        None,
    ]


def test_closing_needs_no_equity_and_leaves_room_to_open(exchange: SimulatedExchange) -> None:
    exchange.submit([order("A", "buy", 1_999)], at(1))
    exchange.advance(at(25))
    assert exchange.portfolio().positions["A"].quantity == 1_999
    sent = [order("A", "sell", 1_999), order("A", "sell", 1_800)]
    assert [report.reason for report in exchange.submit(sent, at(25))] == [None, None]


def test_what_is_being_sold_cannot_be_sold_twice(opens: Opens, market: ReplayMarket) -> None:
    exchange = opens(market, allow_short=False)
    exchange.submit([order("A", "buy", 100)], at(1))
    exchange.advance(at(5))
    sent = [order("A", "sell", 60, "110"), order("A", "sell", 60), order("A", "sell", 40)]
    assert [report.reason for report in exchange.submit(sent, at(5))] == [
        None,
        "short sale not permitted: 40 shares are held and not being sold, 60 to sell",
        None,
    ]
    exchange.advance(SESSION.close)
    assert exchange.portfolio().positions["A"].quantity == 60


def test_what_an_exit_sells_grows_with_an_entry_that_rested_when_the_process_ended(
    opens: Opens, market: ReplayMarket
) -> None:
    first = opens(market, allow_short=False)
    first.submit([order("A", "buy", 250, name="ow-entry")], at(1))
    first.advance(at(2))
    held = first.portfolio().positions["A"].quantity
    first.close()
    again = opens(market, allow_short=False)
    stop = order("A", "sell", 250, name="ow-stop", stop="90", attached_to="ow-entry")
    again.submit([stop], at(2))
    again.advance(at(5))
    assert held < again.portfolio().positions["A"].quantity == 250
    (report,) = again.submit([order("A", "sell", 250 - held)], at(5))
    assert report.reason is not None
    assert "0 shares are held and not being sold" in report.reason


def test_a_name_sent_twice_is_two_orders(exchange: SimulatedExchange, ledger_url: str) -> None:
    exchange.submit([order("A", "buy", 10, name="ow-twice")], at(1))
    exchange.submit([order("A", "buy", 10, name="ow-twice")], at(2))
    exchange.advance(at(9))
    kept = everything_recorded(ledger_url)["orders"]
    assert [(row["number"], row["client_order_id"], row["state"]) for row in kept] == [
        (1, "ow-twice", "FILLED"),
        (2, "ow-twice", "FILLED"),
    ]
    assert exchange.portfolio().positions["A"].quantity == 20


# Ending -----------------------------------------------------------------------------------------


def test_what_rests_is_cancelled_and_what_does_not_rest_is_refused(
    exchange: SimulatedExchange,
) -> None:
    exchange.submit([order("A", "buy", 250, name="ow-part"), order("A", "buy", 9, "90")], at(1))
    reports = exchange.cancel(["ow-part", "ow-none"], at(2))
    assert said(reports) == [
        (ReportKind.FILLED, "ow-part", None),
        (ReportKind.CANCELLED, "ow-part", "cancelled on request"),
        (ReportKind.CANCEL_REFUSED, "ow-none", "no such order rests"),
    ]
    assert said(exchange.cancel(["ow-part"], at(3))) == [
        (ReportKind.CANCEL_REFUSED, "ow-part", "no such order rests")
    ]
    kept = exchange.order("ow-part")
    assert kept is not None
    assert (kept.state, kept.filled_quantity, kept.ts) == (OrderState.CANCELLED, 100, at(2))
    assert fills(exchange.advance(at(20))) == []


def test_day_orders_expire_at_the_close_and_others_rest(exchange: SimulatedExchange) -> None:
    sent = [
        order("A", "buy", 9, "90", name="ow-day"),
        order("A", "buy", 9, "90", name="ow-gtc", tif=TimeInForce.GTC),
    ]
    exchange.submit(sent, at(1))
    assert exchange.advance(SESSION.close - timedelta(seconds=1)) == []
    (expired,) = exchange.advance(SESSION.close + timedelta(minutes=5))
    assert (expired.kind, expired.client_order_id, expired.ts) == (
        ReportKind.EXPIRED,
        "ow-day",
        SESSION.close,
    )
    left = exchange.order("ow-gtc")
    assert left is not None
    assert left.state is OrderState.SUBMITTED


def test_an_immediate_order_takes_one_second_and_ends(exchange: SimulatedExchange) -> None:
    sent = [
        order("A", "buy", 250, name="ow-part", tif=TimeInForce.IOC),
        order("A", "buy", 9, "90", name="ow-far", tif=TimeInForce.IOC),
    ]
    exchange.submit(sent, at(1))
    reports = exchange.advance(at(20))
    assert [(report.kind, report.client_order_id, report.ts) for report in reports] == [
        (ReportKind.FILLED, "ow-part", at(2)),
        (ReportKind.CANCELLED, "ow-part", at(2)),
        (ReportKind.CANCELLED, "ow-far", at(2)),
    ]
    assert exchange.portfolio().positions["A"].quantity == 100


def test_time_never_goes_back(exchange: SimulatedExchange) -> None:
    exchange.advance(at(10))
    assert exchange.advance(at(5)) == []
    (received,) = exchange.submit([order("A", "buy", 10, name="ow-x")], at(5))
    assert received.ts == exchange.now == at(10)
    (fill,) = fills(exchange.advance(at(11)))
    assert fill.ts == at(11)
    (refused,) = exchange.cancel(["ow-x"], at(5))
    assert refused.ts == at(11)


# Money ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("commission", ["fixed", "tiered"])
def test_partial_fills_cost_what_their_order_costs(
    opens: Opens, market: ReplayMarket, commission: str
) -> None:
    exchange = opens(market, commission=commission)
    exchange.submit([order("A", "sell", 750, name="ow-x"), order("B", "buy", 60)], at(1))
    done = [fill for fill in fills(exchange.advance(at(40))) if fill.client_order_id == "ow-x"]
    assert len(done) == 8
    price = done[0].price
    owed = ibkr_fixed(750, price) if commission == "fixed" else ibkr_tiered(750, price, 0)
    fees = sum(regulatory_fees("sell", fill.quantity, price, SESSION.date) for fill in done)
    assert sum(fill.commission for fill in done) == owed + fees


def test_the_average_price_is_that_of_what_is_left(exchange: SimulatedExchange) -> None:
    exchange.submit([order("A", "buy", 30)], at(1))
    exchange.submit([order("A", "sell", 10, "99")], at(3))
    exchange.advance(at(5))
    assert exchange.portfolio().positions["A"].average_price == Decimal("100.01")
    exchange.submit([order("A", "sell", 50)], at(5))
    exchange.advance(at(7))
    held = exchange.portfolio().positions["A"]
    assert (held.quantity, held.average_price) == (-30, Decimal("99.99"))


# The record -------------------------------------------------------------------------------------


def test_one_process_at_a_time(
    exchange: SimulatedExchange, opens: Opens, market: ReplayMarket
) -> None:
    with pytest.raises(BrokerError, match="SIM1 to another process"):
        opens(market)
    opens(market, account="SIM2")
    exchange.close()
    assert opens(market).now == SESSION.open


def test_a_step_that_cannot_be_kept_ends_the_service(
    exchange: SimulatedExchange, opens: Opens, market: ReplayMarket, ledger_url: str
) -> None:
    exchange.submit([order("A", "buy", 250)], at(1))
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE exchange.fills ADD CHECK (quantity > 1000)")
        with pytest.raises(psycopg.errors.CheckViolation):
            exchange.advance(at(3))
        connection.execute("ALTER TABLE exchange.fills DROP CONSTRAINT fills_quantity_check")
    # Its memory has fills that the record has not: it must not commit anything upon them.
    with pytest.raises(psycopg.OperationalError):
        exchange.advance(at(4))
    assert len(fills(opens(market).advance(at(4)))) == 3


def test_an_earlier_session_is_over(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    opens(market).close()
    opens(next_market, LATER).close()
    with pytest.raises(SessionOver, match="session of 2026-11-20 is over"):
        opens(market)


def test_a_session_can_be_looked_at_after_its_close(opens: Opens, market: ReplayMarket) -> None:
    first = opens(market)
    first.advance(SESSION.close + timedelta(seconds=1))
    first.close()
    assert opens(market).snapshot().at == SESSION.close + timedelta(seconds=1)


def test_the_next_session_expires_what_the_last_one_left(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    last = opens(market)
    sent = [
        order("A", "buy", 250, name="ow-day"),
        order("A", "buy", 9, "100", name="ow-ioc", tif=TimeInForce.IOC),
        order("B", "buy", 9, "19", name="ow-gtc", tif=TimeInForce.GTC),
    ]
    last.submit(sent, at(2))
    last.submit([], at(2.5))
    last.close()

    later = opens(next_market, LATER)
    assert later.now == LATER.open
    # It shows how yesterday ended, for whoever did not hear of it.
    shown = {one.client_order_id: one for one in later.snapshot().orders}
    assert {name: one.state for name, one in shown.items()} == {
        "ow-day": OrderState.EXPIRED,
        "ow-ioc": OrderState.EXPIRED,
        "ow-gtc": OrderState.SUBMITTED,
    }
    assert shown["ow-day"].ts == SESSION.close
    assert later.advance(at(30, LATER)) == []
    later.close()
    assert opens(next_market, LATER).now == at(30, LATER)


def test_the_next_session_shows_the_fills_of_the_last_one(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    last = opens(market)
    last.submit([order("A", "buy", 100, name="ow-x")], at(1))
    done = fills(last.advance(SESSION.close))
    last.close()
    for second in (0, 1):
        later = opens(next_market, LATER)
        assert later.snapshot().orders[0].client_order_id == "ow-x"
        assert list(later.snapshot().executions) == done
        done += fills(later.submit([order("A", "buy", 1)], at(second, LATER)))
        later.close()


def test_an_order_that_rests_overnight_trades_in_the_next_session_within_its_cap(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    last = opens(market)
    last.submit([order("A", "buy", 450, "100.01", "ow-x", TimeInForce.GTC)], at(36))
    assert sum(fill.quantity for fill in fills(last.advance(SESSION.close))) == 400
    last.close()
    later = opens(next_market, LATER)
    later.advance(at(0.5, LATER))
    later.close()
    (fill,) = fills(opens(next_market, LATER).advance(at(9, LATER)))
    assert (fill.ts, fill.quantity) == (at(1, LATER), 50)


def test_what_is_said_only_after_the_session_is_said_in_the_next_one(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    """Though the opening changes something itself: an exit goes with its entry, which is over."""
    slow = Latencies(fill=timedelta(hours=8))
    last = opens(market, latencies=slow)
    entry = order("B", "buy", 9, "19")
    exit_of_it = order(
        "B", "sell", 9, stop="18", tif=TimeInForce.GTC, attached_to=entry.client_order_id
    )
    last.submit([order("A", "buy", 100), entry, exit_of_it], at(1))
    assert fills(last.advance(at(5))) == []
    last.close()
    later = opens(next_market, LATER, latencies=slow)
    assert later.order(exit_of_it.client_order_id).state is OrderState.CANCELLED
    assert sum(fill.quantity for fill in fills(later.advance(at(1, LATER)))) == 100


def test_an_order_may_end_when_there_is_no_session(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    saturday = SESSION.close + timedelta(days=1)
    last = opens(market)
    last.submit([order("B", "buy", 9, "19", tif=TimeInForce.GTD, good_till=saturday)], at(1))
    last.advance(SESSION.close)
    last.close()
    opens(next_market, LATER).close()
    (ended,) = opens(next_market, LATER).snapshot().orders
    assert (ended.state, ended.ts) == (OrderState.EXPIRED, saturday)


def test_an_exchange_without_its_record_shows_nothing(opens: Opens, market: ReplayMarket) -> None:
    exchange = opens(market)
    exchange.close()
    with pytest.raises(BrokerError, match="record of account SIM1 is closed; open the exchange"):
        exchange.snapshot()


# Any course of events ---------------------------------------------------------------------------

NAMES = st.sampled_from(["ow-1", "ow-2", "ow-3", "ow-4"])
PRICES = st.sampled_from(["20.10", "20.30", "99.99", "100.01"])
PRICED = st.one_of(
    st.fixed_dictionaries({"limit": st.none() | PRICES, "tif": st.sampled_from(TimeInForce)}),
    st.fixed_dictionaries(
        {
            "stop": PRICES,
            "limit": st.none() | PRICES,
            "tif": st.sampled_from([TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD]),
        }
    ),
    st.fixed_dictionaries({"trail_amount": st.sampled_from([Decimal("0.01"), Decimal("0.10")])}),
    st.fixed_dictionaries({"trail_percent": st.just(Decimal("0.001"))}),
)
ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "QUIET", "NONE"]),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 900),
        NAMES,
        PRICED,
        st.none() | st.sampled_from(["group-1", "group-2"]),
        st.none() | NAMES,
    ).map(lambda one: order(*one[:3], name=one[3], oca_group=one[5], attached_to=one[6], **one[4])),
    max_size=4,
)
REPLACEMENTS = st.lists(
    st.builds(
        Replacement,
        NAMES,
        st.integers(1, 900),
        st.none() | PRICES.map(Decimal),
        st.none() | PRICES.map(Decimal),
    ),
    max_size=2,
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 1, 2.5, 7, 30_000]),
        st.one_of(
            st.tuples(st.just("submit"), ORDERS),
            st.tuples(st.just("submit"), ORDERS),
            st.tuples(st.just("cancel"), st.lists(NAMES, max_size=2)),
            st.tuples(st.just("replace"), REPLACEMENTS),
            st.tuples(st.just("advance"), st.just([])),
        ),
        st.booleans(),
    ),
    max_size=9,
)
"""How many seconds pass, what is asked for, and whether the process dies after it."""


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    STEPS,
    st.booleans(),
    st.sampled_from([Latencies(), SLOW]),
    st.none() | st.sampled_from([VolumeShare(), FixedBasisPoints()]),
)
def test_whatever_happens_the_accounts_add_up_and_a_crash_changes_nothing(
    opens: Opens,
    market: ReplayMarket,
    ledger_url: str,
    steps: list[tuple[float, tuple[str, list[Any]], bool]],
    allow_short: bool,
    latencies: Latencies,
    slippage: Slippage | None,
) -> None:
    def live(account: str, crashes: bool) -> list[tuple[ReportKind, str, datetime, str | None]]:
        terms = {
            "account": account,
            "allow_short": allow_short,
            "commission": "tiered",
            "latencies": latencies,
            "slippage": slippage,
            "price_bands": True,
        }
        exchange = opens(market, **terms)
        reports: list[Report] = []
        second = 1.0
        for passed, (call, arguments), dies in [*steps, (60, ("advance", []), False)]:
            second = min(second + passed, 30_000)
            try:
                match call:
                    case "submit":
                        reports += exchange.submit(arguments, at(second))
                    case "replace":
                        reports += exchange.replace(arguments, at(second))
                    case "cancel":
                        reports += exchange.cancel(arguments, at(second))
                    case _:
                        reports += exchange.advance(at(second))
            except BaseException:
                exchange.close()
                raise
            if dies and crashes:
                # Each call has committed what it did, so closing loses what dying would.
                exchange.close()
                exchange = opens(market, **terms)
        portfolio = exchange.portfolio()
        exchange.close()
        reports_of_fills = fills(reports)
        cash = 100_000 + sum(fill.cash_change for fill in reports_of_fills)
        assert portfolio.cash == cash
        held: Counter[str] = Counter()
        for fill in reports_of_fills:
            held[fill.symbol] += fill.side.sign * fill.quantity
        assert {p.symbol: p.quantity for p in portfolio.positions.values()} == {
            symbol: quantity for symbol, quantity in held.items() if quantity
        }
        assert allow_short or min(held.values(), default=0) >= 0
        return [(one.kind, one.client_order_id, one.ts, one.reason) for one in reports]

    number = next(RUNS)
    straight, interrupted = f"straight-{number}", f"interrupted-{number}"
    assert live(straight, crashes=False) == live(interrupted, crashes=True)
    kept = everything_recorded(ledger_url, straight)
    assert kept == everything_recorded(ledger_url, interrupted)

    for row in kept["orders"]:
        mine = [fill for fill in kept["fills"] if fill["number"] == row["number"]]
        assert sum(fill["quantity"] for fill in mine) == row["filled_quantity"] <= row["quantity"]
        assert sum(fill["quantity"] * fill["price"] for fill in mine) == row["filled_value"]
        assert (row["state"] == "FILLED") == (row["filled_quantity"] == row["quantity"])
        assert (row["state"] == "REJECTED") <= (row["filled_quantity"] == 0)
    assert not kept["reports_on_their_way"]


# As a broker ------------------------------------------------------------------------------------


async def test_the_broker_lives_on_the_replay_clock(market: ReplayMarket, ledger_url: str) -> None:
    terms = Terms(ACCOUNT, Decimal(100_000), 0.1, "fixed", True)
    clock = ReplayClock(at(1))
    broker = SimulatedBroker(ledger_url, market, SESSION, terms, clock)
    with pytest.raises(BrokerError, match="not connected"):
        await broker.get_portfolio()
    await broker.connect()
    await broker.submit_orders([order("A", "buy", 150, name="ow-x")])
    batches = [batch async for batch in broker.events(at(20))]
    assert [fill.quantity for batch in batches for fill in fills(batch)] == [100, 50]
    assert clock.now() == at(20)
    assert [batch async for batch in broker.events(at(21))] == []
    assert "2026-11-20 14:30:21" in (await broker.health_check()).message
    status = await broker.get_order_status("ow-x")
    assert status is not None
    assert status.state is OrderState.FILLED
    assert await broker.get_order_status("ow-none") is None
    await broker.close()

    behind = ReplayClock(SESSION.open)
    again = SimulatedBroker(ledger_url, market, SESSION, terms, behind)
    await again.connect()
    assert behind.now() == at(21)
    snapshot = await again.snapshot()
    assert (snapshot.at, len(snapshot.orders), len(snapshot.executions)) == (at(21), 1, 2)
    assert snapshot.portfolio == await again.get_portfolio()
    (refused,) = await again.cancel_orders(["ow-x"])
    assert refused.kind is ReportKind.CANCEL_REFUSED
    await again.close()
