"""The order efficiency ratio: by IBKR's formula, from the ledger, told once a day before IBKR tells it."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from working_orders import (
    ACCOUNT,
    SESSION,
    at,
    fill,
    happened,
    open_books,
    order,
    plan_orders,
    send,
)

from orderworks.ledger.connection import Ledger
from orderworks.ledger.movements import Revision, book, permit_revisions
from orderworks.model.order import Replacement
from orderworks.model.order_messages import EXCESSIVE, OrderMessages
from orderworks.model.state import OrderEvent, OrderState
from orderworks.quality.efficiency import efficiency_breach, messages_of_day, watch_efficiency
from orderworks.settings import load_settings

COUNTS = st.integers(0, 10_000)
SENT = st.builds(OrderMessages, COUNTS, COUNTS, COUNTS, COUNTS)


def test_it_is_what_ibkr_computes() -> None:
    # 200 orders and 10 executions, IBKR's own example of whom it does not mean.
    assert OrderMessages(200, 0, 0, 10).efficiency_ratio == pytest.approx(200 / 11)
    assert OrderMessages(0, 0, 0, 0).efficiency_ratio == 0
    assert OrderMessages(10, 20, 10, 1).efficiency_ratio == EXCESSIVE


@given(sent=SENT, more=st.integers(1, 100))
def test_each_message_raises_it_and_each_executed_order_lowers_it(
    sent: OrderMessages, more: int
) -> None:
    ratio = sent.efficiency_ratio
    for name in ("submissions", "revisions", "cancellations"):
        assert replace(sent, **{name: getattr(sent, name) + more}).efficiency_ratio > ratio
    fewer = replace(sent, executed_orders=sent.executed_orders + more).efficiency_ratio
    assert fewer < ratio or ratio == 0


@given(sent=SENT, threshold=st.floats(0.1, 50))
def test_it_is_told_above_the_threshold_only(sent: OrderMessages, threshold: float) -> None:
    told = efficiency_breach(sent, threshold, ACCOUNT, SESSION, at(0))
    assert bool(told) == (sent.efficiency_ratio > threshold)


def test_the_threshold_comes_before_ibkrs() -> None:
    assert load_settings().quality.alert_order_efficiency < EXCESSIVE


def test_messages_are_counted_from_the_ledger_and_told_once_a_day(ledger: Ledger) -> None:
    lease = open_books(ledger)
    names = [f"p{number}" for number in range(8)]
    orders = [order(name, 100, algo="none") for name in names]
    plan_orders(ledger, *orders, order("w", 50), order("w-0", 50))
    send(ledger, lease, *orders)
    live = OrderState.SUBMITTED
    book(
        ledger,
        lease,
        [e for n in names for e in happened(n, OrderEvent.ACKNOWLEDGE, start=OrderState.PENDING)],
    )
    terms = Replacement("p0", 90, orders[0].limit_price, None)
    permit_revisions(ledger, lease, [Revision(terms, 1, "it follows")], at(5))
    # Two executions of one order are one executed order.
    book(
        ledger,
        lease,
        happened("p1", OrderEvent.FILL, start=live),
        [fill("x.01", "p1", 10), fill("y.01", "p1", 10)],
    )
    book(ledger, lease, [e for n in names[2:6] for e in happened(n, OrderEvent.CANCEL, start=live)])
    book(ledger, lease, happened("p6", OrderEvent.REFUSE_CANCEL, start=live))
    # A worked parent is no message, and neither is what was given up before it was sent.
    book(ledger, lease, happened("w-0", OrderEvent.WITHDRAW) + happened("w", OrderEvent.WITHDRAW))
    sent = messages_of_day(ledger, ACCOUNT, SESSION)
    assert sent == OrderMessages(8, 1, 5, 1)
    assert str(sent) == "8 submissions, 1 changes and 5 cancels for 1 executed orders"
    assert messages_of_day(ledger, ACCOUNT, date(2025, 11, 21)) == OrderMessages(0, 0, 0, 0)
    assert messages_of_day(ledger, "another", SESSION) == OrderMessages(0, 0, 0, 0)
    assert watch_efficiency(ledger, ACCOUNT, SESSION, 7.0, at(9)) == []
    [alert] = watch_efficiency(ledger, ACCOUNT, SESSION, 6.9, at(9))
    assert "an order efficiency ratio of 7.0 in session 2025-11-20" in alert.message
    assert watch_efficiency(ledger, ACCOUNT, SESSION, 6.9, at(9)) == []
