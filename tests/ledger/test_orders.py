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
from orderworks.ledger.movements import add_orders, book
from orderworks.ledger.orders import (
    has_work,
    next_moment,
    open_orders,
    orders_attached_to,
    orders_by_id,
    orders_of_parents,
    orders_of_run,
)
from orderworks.model.state import OrderEvent, OrderState
from orderworks.model.state import OrderEvent as E

SWEEP_BEFORE = timedelta(seconds=10)


REPRICE_EVERY = timedelta(seconds=45)


def moments(ledger: Ledger, until: float = 3600) -> list[float]:
    """The moments of the account, as seconds, each asked for after the one before."""
    found, moment = [], at(-3600)
    while True:
        following = next_moment(ledger, ACCOUNT, moment, SWEEP_BEFORE, REPRICE_EVERY)
        if following is None or following > at(until):
            break
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
    plan_orders(ledger, *family("p", 60, 40, remainder="sweep"), plain)
    assert moments(ledger) == [0, 30, 60, 290, 300, 600]


def test_what_is_kept_is_not_swept(ledger: Ledger) -> None:
    open_books(ledger)
    plan_orders(ledger, *family("p", 60, 40))
    assert moments(ledger) == [0, 60, 300]


def test_what_rests_crosses_and_is_priced_anew_in_time(ledger: Ledger) -> None:
    lease = open_books(ledger)
    crossing = order("p", 10, algo="none", cross_at=at(50))
    following = order("q", 10, algo="none", remainder="reprice", ends_at=at(200))
    plan_orders(ledger, crossing, following)
    assert moments(ledger) == [0, 200, 300]
    send(ledger, lease, crossing)
    assert moments(ledger) == [0, 50, 200, 300]
    send(ledger, lease, following)
    assert moments(ledger, until=190) == [45, 50, 90, 135, 180]


def test_an_exit_that_was_sent_rests(ledger: Ledger) -> None:
    lease = open_books(ledger)
    entry = order("p", 10, algo="none", ends_at=at(200))
    stop = order("stop", 10, algo="none", side="sell", attached_to="p")
    run = plan_orders(ledger, entry, stop)
    send(ledger, lease, entry)
    assert moments(ledger) == [0, 200]
    assert has_work(ledger, run.run_id, over=True)
    send(ledger, lease, stop)
    assert moments(ledger) == [200]
    assert not has_work(ledger, run.run_id, over=True)
    assert has_work(ledger, run.run_id, over=False)
    book(ledger, lease, happened("p", E.ACKNOWLEDGE, E.CANCEL, start=OrderState.PENDING))
    assert not has_work(ledger, run.run_id, over=False)


def test_what_is_over_has_no_moment(ledger: Ledger) -> None:
    lease = open_books(ledger)
    run = plan_orders(ledger, *family("p", 60, 40, remainder="sweep"))
    send(ledger, lease, order("p-0", 60))
    assert moments(ledger) == [60, 290, 300]
    book(ledger, lease, happened("p-1", OrderEvent.WITHDRAW))
    assert moments(ledger) == [290, 300]
    assert has_work(ledger, run.run_id, over=True)
    book(ledger, lease, happened("p", OrderEvent.WITHDRAW))
    assert moments(ledger) == []
    assert list(open_orders(ledger, ACCOUNT)) == ["p-0"]


@pytest.mark.parametrize(
    ("algo", "remainder", "sent", "expected"),
    [
        # When its horizon is over, and before.
        *(("none", rests, True, (False, True)) for rests in ("keep", "reprice")),
        *(("none", ends, True, (True, True)) for ends in ("cancel", "sweep")),
        ("none", "keep", False, (True, True)),
        ("twap", "keep", True, (False, True)),
        ("twap", "sweep", True, (True, True)),
        ("twap", "keep", False, (True, True)),
    ],
)
def test_when_a_run_has_work(
    ledger: Ledger, algo: str, remainder: str, sent: bool, expected: tuple[bool, bool]
) -> None:
    lease = open_books(ledger)
    like = {"algo": algo, "remainder": remainder}
    planned = [order("p", 10, **like)] if algo == "none" else family("p", 10, **like)
    run = plan_orders(ledger, *planned)
    if sent:
        send(ledger, lease, planned[-1])
    if sent and algo != "none":
        book(ledger, lease, happened("p", OrderEvent.START))
    assert tuple(has_work(ledger, run.run_id, over=over) for over in (True, False)) == expected


def test_an_added_child_is_its_parents(ledger: Ledger) -> None:
    lease = open_books(ledger)
    plan_orders(ledger, *family("p", 60, 40))
    run_id = orders_by_id(ledger, ["p"])["p"].run_id
    sweep = replace(
        order("p-2", 30, run_id=run_id, route_rule="SWEEP", due_at=at(290), limit_price=None),
        client_order_id="sweep",
    )
    stop = replace(
        sweep,
        client_order_id="stop",
        parent_id=None,
        algo="none",
        side="sell",
        order_type="stop",
        stop_price=LIMIT,
        attached_to="sweep",
    )
    add_orders(ledger, lease, [sweep, stop])
    add_orders(ledger, lease, [replace(sweep, quantity=99, order_type="market")])
    assert count(ledger, "orders") == 5
    assert orders_by_id(ledger, ["sweep"])["sweep"] == sweep
    assert orders_attached_to(ledger, ["sweep"]) == [stop]
    with pytest.raises(errors.CheckViolation):
        add_orders(ledger, lease, [replace(sweep, client_order_id="none", planned_quantity=0)])


def test_an_exit_fits_its_entry(ledger: Ledger) -> None:
    lease = open_books(ledger)
    plan_orders(ledger, *family("p", 60, 40))
    entry = orders_by_id(ledger, ["p-0"])["p-0"]
    stop = replace(
        entry,
        client_order_id="stop",
        parent_id=None,
        algo="none",
        side="sell",
        attached_to="p-0",
    )
    for stray in (
        replace(stop, side="buy"),
        replace(stop, symbol="MSFT"),
        replace(stop, attached_to="p"),
        replace(stop, attached_to="nobody"),
    ):
        with pytest.raises(errors.ForeignKeyViolation, match="stop does not fit"):
            add_orders(ledger, lease, [stray])
    add_orders(ledger, lease, [stop])
