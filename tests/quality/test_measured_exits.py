"""What is measured of an exit that was hit: its own price and time, and nothing of its entry's."""

from decimal import Decimal

from plan_columns import ORDER_COLUMNS, by_column
from quality_tables import DAY, at
from traded_session import ACCOUNT, events, measure, stored

from orderworks.ledger.connection import Ledger
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
