"""The triggers' plans are kept from their first use: they must stay linear in what comes later."""

from collections.abc import Sequence

import pytest
from rows_read import rows_read
from working_orders import count, family, fill, happened, open_books, order, plan_orders, send

from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import book
from orderworks.model.fill import Fill
from orderworks.model.state import OrderEvent as E
from orderworks.model.state import OrderState as S

MANY = 1_000
LINEAR = 20 * MANY
"""At most so many rows of ``orders`` are read for ``MANY`` orders; quadratic would be MANY * MANY."""


def names_of(prefix: str, families: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(families)]


def plan_families(ledger: Ledger, names: Sequence[str]) -> None:
    orders = [one for name in names for one in family(name, 10)]
    plan_orders(ledger, *orders, run_key=f"run of {names[0]}")


def send_children(ledger: Ledger, lease: Lease, names: Sequence[str]) -> None:
    send(ledger, lease, *(family(name, 10)[1] for name in names))


def fills_of(names: Sequence[str]) -> list[Fill]:
    return [fill(f"x-{name}", f"{name}-0", 5) for name in names]


@pytest.fixture
def lease(ledger: Ledger, ledger_url: str) -> Lease:
    """Every trigger used once where orders are few and known to be, before another connection adds many."""
    taken = open_books(ledger)
    plan_families(ledger, ["first"])
    ledger.execute("ANALYZE")
    plan_orders(ledger, order("alone", 10), run_key="a run of one")
    send_children(ledger, taken, ["first"])
    book(ledger, taken, happened("first-0", E.ACKNOWLEDGE, start=S.PENDING), fills_of(["first"]))
    with open_ledger(ledger_url) as other:
        plan_families(other, names_of("p", MANY))
    assert count(ledger, "orders") == 3 + 2 * MANY
    return taken


def test_planning_reads_each_order_a_few_times(ledger: Ledger, lease: Lease) -> None:
    names = names_of("q", MANY)
    assert MANY <= rows_read(ledger, lambda: plan_families(ledger, names)) <= LINEAR


def test_working_reads_each_order_a_few_times(ledger: Ledger, lease: Lease) -> None:
    names = names_of("p", MANY)
    answers = [e for n in names for e in happened(f"{n}-0", E.ACKNOWLEDGE, start=S.PENDING)]
    for work in (
        lambda: send_children(ledger, lease, names),
        lambda: book(ledger, lease, answers),
        lambda: book(ledger, lease, [], fills_of(names)),
    ):
        assert MANY <= rows_read(ledger, work) <= LINEAR


def test_booking_reads_none_of_the_fills_that_there_are(ledger: Ledger, lease: Lease) -> None:
    """Only a correction is about one of them."""
    names = names_of("p", MANY)
    send_children(ledger, lease, names)
    answers = [e for n in names for e in happened(f"{n}-0", E.ACKNOWLEDGE, start=S.PENDING)]
    book(ledger, lease, answers, fills_of(names[1:]))
    assert rows_read(ledger, lambda: book(ledger, lease, [], fills_of(names[:1])), "fills") == 0
    assert count(ledger, "fills") == 1 + MANY
