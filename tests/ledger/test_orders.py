"""Reading the orders of an account, and the children that are added to them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from psycopg import errors
from working_orders import (
    ACCOUNT,
    LIMIT,
    at,
    count,
    family,
    happened,
    open_books,
    order,
    plan_orders,
    send,
)

from orderworks.ledger.connection import Ledger
from orderworks.ledger.movements import add_children, book
from orderworks.ledger.orders import (
    has_work,
    next_moment,
    open_orders,
    orders_by_id,
    orders_of_parents,
    orders_of_run,
)
from orderworks.model.state import OrderEvent

SWEEP_BEFORE = timedelta(seconds=10)


def moments(ledger: Ledger, sweep_before: timedelta | None) -> list[float]:
    """All moments of the account, as seconds, each asked for after the one before."""
    found, moment = [], at(-3600)
    while (following := next_moment(ledger, ACCOUNT, moment, sweep_before)) is not None:
        assert following > moment
        found.append((following - at(0)).total_seconds())
        moment = following
    return found


def test_orders_are_read_as_they_were_planned(ledger: Ledger) -> None:
    open_books(ledger)
    planned = family("p", 60, 40)
    run = plan_orders(ledger, *planned)
    found = open_orders(ledger, ACCOUNT)
    assert list(found.values()) == [replace(one, run_id=run.run_id) for one in planned]
    assert orders_of_run(ledger, run.run_id) == list(found.values())
    assert orders_by_id(ledger, ["p-1"]).keys() == {"p", "p-1"}
    assert orders_by_id(ledger, ["p-1", "nobody"], parents_too=False).keys() == {"p-1"}
    assert [child.client_order_id for child in orders_of_parents(ledger, ["p"])] == ["p-0", "p-1"]
    assert orders_by_id(ledger, []) == {}
    assert orders_of_parents(ledger, []) == []


def test_each_moment_comes_after_the_one_before(ledger: Ledger) -> None:
    open_books(ledger)
    plain = order("q", 10, algo="none", due_at=at(30), ends_at=at(600))
    plan_orders(ledger, *family("p", 60, 40), plain)
    assert moments(ledger, SWEEP_BEFORE) == [0, 30, 60, 290, 300, 600]
    assert moments(ledger, None) == [0, 30, 60, 300, 600]


def test_what_is_over_has_no_moment(ledger: Ledger) -> None:
    lease = open_books(ledger)
    run = plan_orders(ledger, *family("p", 60, 40))
    send(ledger, lease, order("p-0", 60))
    assert moments(ledger, SWEEP_BEFORE) == [60, 290, 300]
    book(ledger, lease, happened("p-1", OrderEvent.WITHDRAW))
    assert moments(ledger, SWEEP_BEFORE) == [290, 300]
    assert has_work(ledger, run.run_id, over=True, carry=False)
    book(ledger, lease, happened("p", OrderEvent.WITHDRAW))
    assert moments(ledger, SWEEP_BEFORE) == []
    assert list(open_orders(ledger, ACCOUNT)) == ["p-0"]


@pytest.mark.parametrize(
    ("algo", "sent", "expected"),
    [
        # Over and not carried, over and carried, before the end.
        ("none", True, (False, False, True)),
        ("none", False, (True, True, True)),
        ("twap", True, (True, False, True)),
        ("twap", False, (True, True, True)),
    ],
)
def test_when_a_run_has_work(
    ledger: Ledger, algo: str, sent: bool, expected: tuple[bool, bool, bool]
) -> None:
    lease = open_books(ledger)
    planned = [order("p", 10, algo="none")] if algo == "none" else family("p", 10, algo=algo)
    run = plan_orders(ledger, *planned)
    if sent:
        send(ledger, lease, planned[-1])
    if sent and algo != "none":
        book(ledger, lease, happened("p", OrderEvent.START))
    found = [
        has_work(ledger, run.run_id, over=over, carry=carry)
        for over, carry in ((True, False), (True, True), (False, False))
    ]
    assert tuple(found) == expected


def test_an_added_child_is_its_parents(ledger: Ledger) -> None:
    lease = open_books(ledger)
    plan_orders(ledger, *family("p", 60, 40))
    sweep = ("sweep", "p", 2, 30, "SWEEP", "limit", at(290))
    add_children(ledger, lease, [sweep])
    add_children(ledger, lease, [("sweep", "p", 3, 99, "SWEEP", "market", at(299))])
    assert count(ledger, "orders") == 4
    added = orders_by_id(ledger, ["sweep"])["sweep"]
    like = order("p-2", 30)
    assert added == replace(
        like,
        client_order_id="sweep",
        run_id=added.run_id,
        route_rule="SWEEP",
        due_at=at(290),
        limit_price=None,
    )
    assert like.limit_price == LIMIT
    with pytest.raises(errors.CheckViolation):
        add_children(ledger, lease, [("none", "p", 2, 0, "SWEEP", "limit", at(290))])
