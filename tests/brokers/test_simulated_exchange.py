"""The simulated exchange: what it receives, refuses and trades, how orders end, and what they cost."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from recorded_rows import everything_recorded
from small_market import ACCOUNT, SESSION, Opens, at, order
from steady_market import fills, said

from orderworks.brokers.adapter import ReportKind
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.commission import ibkr_fixed, ibkr_tiered
from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.fees import regulatory_fees
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock
from orderworks.model.errors import BrokerError
from orderworks.model.order import TimeInForce
from orderworks.model.state import OrderState

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
    assert exchange.portfolio().positions["A"].share_cost == Decimal("100.01")
    exchange.submit([order("A", "sell", 50)], at(5))
    exchange.advance(at(7))
    held = exchange.portfolio().positions["A"]
    assert (held.quantity, held.share_cost) == (-30, Decimal("99.99"))


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
