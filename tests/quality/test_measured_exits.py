"""What is measured of an exit that was hit: its own price, time and shares, and nothing of its entry's."""

from decimal import Decimal
from fractions import Fraction

import pytest
from plan_columns import ORDER_COLUMNS, by_column
from quality_tables import DAY, at
from traded_session import ACCOUNT, SPLIT, events, measure, split, stored

from orderworks.ledger.connection import Ledger
from orderworks.ledger.corporate_actions import OrderTerms
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import Release, book, permit
from orderworks.ledger.runs import Plan, freeze_plan, start_run
from orderworks.market.replay import ReplayMarket
from orderworks.model.fill import Fill
from orderworks.model.order import Side
from orderworks.model.state import OrderEvent, OrderState

HIT = 10_000
"""Seconds after the open."""


def protect(ledger: Ledger, lease: Lease) -> None:
    """1,000 A are bought at second 61, and rest protected by a stop at 9.80."""
    columns = (*ORDER_COLUMNS, "attached_to", "stop_price")
    entry = (
        *("entry", ACCOUNT, None, 0, "momentum", "A", "buy", 1000, 1000, "limit"),
        *(Decimal("10.10"), Decimal("9.80"), "day", "none", at(60), at(660), "DEFAULT", "{}"),
        *(Decimal("10.00"), at(0), None, None),
    )
    stop = (
        *("stop", ACCOUNT, None, 0, "momentum", "A", "sell", 1000, 1000, "stop", None, None),
        *("gtc", "none", at(60), at(660), "STOP_LOSS", "{}", Decimal("9.80"), at(0)),
        *("entry", Decimal("9.80")),
    )
    run = start_run(ledger, ACCOUNT, "daily", "daily", DAY, {})
    orders = by_column(columns, [entry, stop])
    freeze_plan(ledger, run, Plan("hash", at(60), at(660), {}, {}, orders))
    bid, ask = Decimal("10.04"), Decimal("10.06")
    releases = [
        Release("entry", 1000, "limit", Decimal("10.08"), bid, ask, 1),
        Release("stop", 1000, "stop", None, bid, ask, 1),
    ]
    permit(ledger, lease, releases, at(60))
    bought = Fill("x-entry", "entry", "A", Side.BUY, 1000, Decimal("10.06"), Decimal(0), at(61))
    book(
        ledger,
        lease,
        [
            *events("entry", 60.5, OrderState.PENDING, OrderEvent.ACKNOWLEDGE, OrderEvent.COMPLETE),
            *events("stop", 60.5, OrderState.PENDING, OrderEvent.ACKNOWLEDGE),
        ],
        [bought],
    )


def hit(
    ledger: Ledger, lease: Lease, seconds: float = HIT, quantity: int = 1000, price: str = "9.79"
) -> None:
    """The stop closes everything."""
    sold = Fill("x-stop", "stop", "A", Side.SELL, quantity, Decimal(price), Decimal(0), at(seconds))
    book(
        ledger,
        lease,
        events("stop", seconds, OrderState.SUBMITTED, OrderEvent.COMPLETE),
        [sold],
    )


def test_an_exit_that_was_hit_has_no_latency_of_being_sent(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    protect(ledger, lease)
    hit(ledger, lease)
    measure(ledger, market)
    entry, stop = stored(ledger, "order_quality")
    assert (entry["latency_submit_ms"], entry["latency_ack_ms"]) == (60_000, 500)
    # It rested since its entry was sent: nothing of that is from when it was hit.
    assert (stop["latency_submit_ms"], stop["latency_ack_ms"]) == (None, None)
    assert stop["latency_last_fill_ms"] == 0


def test_an_exit_that_was_hit_after_a_split_is_measured_in_the_shares_of_then(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    protect(ledger, lease)
    split(ledger, lease, Fraction(2), OrderTerms("stop", 2000, stop_price=Decimal("4.90")))
    hit(ledger, lease, SPLIT + 100, 2000, "4.90")
    measure(ledger, market)
    entry, stop = stored(ledger, "order_quality")
    assert (entry["quantity"], entry["shortfall_total"]) == (1000, 60)
    assert (stop["quantity"], stop["decision_price"], stop["average_price"]) == (
        2000,
        Decimal("4.90"),
        Decimal("4.90"),
    )
    assert (stop["slippage_decision_bps"], stop["shortfall_total"]) == (0, 0)
    _, sold = stored(ledger, "fill_quality")
    assert (sold["quantity"], sold["price"]) == (2000, Decimal("4.90"))
    assert sold["slippage_decision_bps"] == 0


def test_what_an_exit_sold_before_a_split_is_told_in_the_shares_of_after_it(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    protect(ledger, lease)
    first = Fill("x-1", "stop", "A", Side.SELL, 101, Decimal("9.78"), Decimal(0), at(120))
    book(ledger, lease, events("stop", 120, OrderState.SUBMITTED, OrderEvent.FILL), [first])
    # 899 of 1,000 are left, 1,348 of them in new shares.
    terms = OrderTerms("stop", 101 + 1348, stop_price=Decimal("6.53"))
    split(ledger, lease, Fraction(3, 2), terms)
    rest = Fill("x-2", "stop", "A", Side.SELL, 1348, Decimal("6.52"), Decimal(0), at(SPLIT + 100))
    done = events("stop", SPLIT + 100, OrderState.PARTIALLY_FILLED, OrderEvent.COMPLETE)
    book(ledger, lease, done, [rest])
    measure(ledger, market)
    _, stop = stored(ledger, "order_quality")
    assert (stop["quantity"], stop["filled_quantity"], stop["fill_rate"]) == (1499, 1499, 1)
    # 151 at 9.78 / 1.5 = 6.52, and 1,348 at 6.52; 9.80 became 6.5333.
    assert stop["average_price"] == Decimal("6.52")
    assert stop["slippage_decision_bps"] == pytest.approx(20.408163, rel=1e-6)
    sold = {row["exec_id"]: row for row in stored(ledger, "fill_quality")}
    # Each fill stands as it was booked, and against the quote of its own day.
    assert (sold["x-1"]["quantity"], sold["x-1"]["price"]) == (101, Decimal("9.78"))
    assert (sold["x-1"]["bid"], sold["x-1"]["ask"]) == (10.04, 10.06)
    for name in ("x-1", "x-2"):
        assert sold[name]["slippage_decision_bps"] == pytest.approx(20.408163, rel=1e-6)
