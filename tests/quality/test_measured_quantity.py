"""How many shares an order is measured by: what was ordered, whoever made less of it."""

from decimal import Decimal
from fractions import Fraction

import pytest
from plan_columns import ORDER_COLUMNS, by_column
from quality_tables import DAY, at
from traded_session import ACCOUNT, SPLIT, events, measure, split, stored

from orderworks.ledger.connection import Ledger
from orderworks.ledger.corporate_actions import OrderTerms, change_terms
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import EventRecord, Release, book, permit
from orderworks.ledger.quality import load_working
from orderworks.ledger.runs import Plan, freeze_plan, start_run
from orderworks.market.replay import ReplayMarket
from orderworks.model.fill import Fill
from orderworks.model.order import Replacement, Side
from orderworks.model.state import OrderEvent, OrderState


def plan(ledger: Ledger, *orders: tuple[str, str | None, int, str]) -> None:
    """Buys of A that were decided at 10.00: name, parent, shares, algo."""
    rows = [
        (
            *(name, ACCOUNT, parent, place, "momentum", "A", "buy", shares, shares, "limit"),
            *(Decimal("10.10"), None, "day", algo, at(60), at(660), "LARGE", "{}"),
            *(Decimal("10.00"), at(0)),
        )
        for place, (name, parent, shares, algo) in enumerate(orders)
    ]
    run = start_run(ledger, ACCOUNT, "daily", "daily", DAY, {})
    columns = by_column(ORDER_COLUMNS, rows)
    freeze_plan(ledger, run, Plan("hash", at(60), at(660), {}, {}, columns))


def send(ledger: Ledger, lease: Lease, name: str, shares: int) -> None:
    limit, bid, ask = Decimal("10.08"), Decimal("10.04"), Decimal("10.06")
    permit(ledger, lease, [Release(name, shares, "limit", limit, bid, ask, 1)], at(60))


def bought(name: str, shares: int) -> Fill:
    return Fill("x", name, "A", Side.BUY, shares, Decimal("10.07"), Decimal(14), at(120))


def smaller(name: str, shares: int, reason: str) -> EventRecord:
    state = OrderState.PARTIALLY_FILLED
    terms = Replacement(name, shares, Decimal("10.08"), None)
    return EventRecord(name, OrderEvent.REPLACE, state, state, at(600), reason, terms)


def test_slices_that_were_given_up_are_missed(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan(ledger, ("p", None, 1000, "twap"), ("p-0", "p", 700, "none"), ("p-1", "p", 300, "none"))
    send(ledger, lease, "p-0", 700)
    started = events("p", 60.5, OrderState.NEW, OrderEvent.START, OrderEvent.FILL)
    done = events("p-0", 60.5, OrderState.PENDING, OrderEvent.ACKNOWLEDGE, OrderEvent.COMPLETE)
    book(ledger, lease, [*started, *done], [bought("p-0", 700)])
    given_up = EventRecord(
        "p-1", OrderEvent.WITHDRAW, OrderState.NEW, OrderState.CANCELLED, at(600), "skipped"
    )
    book(ledger, lease, [given_up, smaller("p", 700, "skipped")])
    measure(ledger, market)
    (row,) = stored(ledger, "order_quality")
    assert (row["quantity"], row["filled_quantity"], row["fill_rate"]) == (1000, 700, 0.7)
    assert row["shortfall_opportunity"] == Decimal(24)
    assert row["shortfall_total"] == Decimal(87)
    assert row["shortfall_bps"] == pytest.approx(87)
    assert load_working(ledger, ACCOUNT, DAY)["quantity"].tolist() == [1000]


def test_what_was_made_smaller_at_the_broker_was_ordered_so(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan(ledger, ("p", None, 1000, "none"))
    send(ledger, lease, "p", 1000)
    sent = events("p", 60.5, OrderState.PENDING, OrderEvent.ACKNOWLEDGE, OrderEvent.FILL)
    book(ledger, lease, sent, [bought("p", 700)])
    book(ledger, lease, [smaller("p", 800, "changed at the broker")])
    measure(ledger, market)
    (row,) = stored(ledger, "order_quality")
    assert (row["quantity"], row["fill_rate"]) == (800, 0.875)
    assert row["shortfall_opportunity"] == Decimal(8)


def test_what_rested_through_a_split_is_ordered_in_the_shares_that_it_was_filled_in(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan(ledger, ("p", None, 1000, "none"))
    send(ledger, lease, "p", 1000)
    book(ledger, lease, events("p", 60.5, OrderState.PENDING, OrderEvent.ACKNOWLEDGE))
    measure(ledger, market)
    missed = stored(ledger, "order_quality")
    split(ledger, lease, Fraction(2), OrderTerms("p", 2000, limit_price=Decimal("5.04")))
    # As long as nothing is filled, it is measured in the shares that it was released for.
    measure(ledger, market)
    assert stored(ledger, "order_quality") == missed
    assert (missed[0]["quantity"], missed[0]["shortfall_opportunity"]) == (1000, 80)

    half = Fill("x", "p", "A", Side.BUY, 1000, Decimal("5.03"), Decimal(14), at(SPLIT + 100))
    book(ledger, lease, events("p", SPLIT + 100, OrderState.SUBMITTED, OrderEvent.FILL), [half])
    measure(ledger, market)
    (row,) = stored(ledger, "order_quality")
    assert (row["quantity"], row["fill_rate"]) == (2000, 0.5)
    prices = ("decision_price", "arrival_price", "end_price")
    assert [row[name] for name in prices] == [Decimal(5), Decimal("5.025"), Decimal("5.04")]
    parts = ("delay", "execution", "opportunity", "fees", "total")
    assert [row[f"shortfall_{part}"] for part in parts] == [25, 5, 40, 14, 84]


def test_a_worked_parent_grows_with_a_split_and_what_was_given_up_of_it_too(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan(ledger, ("p", None, 1000, "twap"), ("p-0", "p", 700, "none"))
    send(ledger, lease, "p-0", 700)
    started = events("p", 60.5, OrderState.NEW, OrderEvent.START)
    rests = events("p-0", 60.5, OrderState.PENDING, OrderEvent.ACKNOWLEDGE)
    state = OrderState.SUBMITTED
    skipped = EventRecord(
        *("p", OrderEvent.REPLACE, state, state, at(600), "skipped"),
        Replacement("p", 700, Decimal("10.08"), None),
    )
    book(ledger, lease, [*started, *rests, skipped])
    split(ledger, lease, Fraction(2), OrderTerms("p-0", 1400, limit_price=Decimal("5.04")))
    change_terms(ledger, [OrderTerms("p", 1400, limit_price=Decimal("5.04"))], at(SPLIT))
    filled = Fill("x", "p-0", "A", Side.BUY, 1400, Decimal("5.03"), Decimal(0), at(SPLIT + 100))
    done = events("p-0", SPLIT + 100, OrderState.SUBMITTED, OrderEvent.COMPLETE)
    whole = events("p", SPLIT + 100, OrderState.SUBMITTED, OrderEvent.COMPLETE)
    book(ledger, lease, [*done, *whole], [filled])
    measure(ledger, market)
    (row,) = stored(ledger, "order_quality")
    assert (row["quantity"], row["filled_quantity"], row["fill_rate"]) == (2000, 1400, 0.7)


def test_what_a_reverse_split_cancelled_is_missed_as_it_was_ordered(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan(ledger, ("p", None, 1000, "none"))
    send(ledger, lease, "p", 1000)
    sent = events("p", 60.5, OrderState.PENDING, OrderEvent.ACKNOWLEDGE, OrderEvent.FILL)
    book(ledger, lease, sent, [bought("p", 700)])
    split(ledger, lease, Fraction(1, 10), OrderTerms("p", 1000, limit_price=Decimal("10.08")))
    book(ledger, lease, events("p", SPLIT, OrderState.PARTIALLY_FILLED, OrderEvent.CANCEL))
    measure(ledger, market)
    (row,) = stored(ledger, "order_quality")
    assert (row["quantity"], row["shortfall_total"]) == (1000, 87)
