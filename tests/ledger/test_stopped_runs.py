"""A run that is stopped sends nothing, also where that is decided while its orders are being permitted."""

from collections.abc import Iterator

import pytest
from psycopg import errors
from working_orders import ACCOUNT, RUN_KEY, family, open_books, order, plan_orders, send

from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.stopped_runs import cancel_run, require_not_stopped
from orderworks.model.errors import RunCancelled

ANOTHER = "another run"
CHILD = family("p", 60)[1]
"""Of the run that is cancelled."""


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    """Of an account with two runs: in one a slice of an order and its exit, in the other a plain order."""
    lease = open_books(ledger)
    exit_order = order("exit", 60, algo="none", side="sell", attached_to=CHILD.client_order_id)
    plan_orders(ledger, *family("p", 60), exit_order)
    plan_orders(ledger, order("plain", 10, algo="none"), run_key=ANOTHER)
    return lease


@pytest.fixture
def other(ledger_url: str) -> Iterator[Ledger]:
    with open_ledger(ledger_url) as another:
        another.execute("SET lock_timeout = '200ms'")
        yield another


@pytest.mark.parametrize("run_key", [RUN_KEY, ANOTHER])
def test_a_cancel_waits_for_the_sends_under_way(
    ledger: Ledger, other: Ledger, lease: Lease, run_key: str
) -> None:
    with ledger.transaction():
        require_not_stopped(ledger, ACCOUNT, [CHILD.client_order_id, "plain"])
        with pytest.raises(errors.LockNotAvailable):
            cancel_run(other, ACCOUNT, run_key, "stop")
    cancel_run(other, ACCOUNT, run_key, "stop")


def test_what_is_sent_with_others_stops_them_all_and_is_named(ledger: Ledger, lease: Lease) -> None:
    cancel_run(ledger, ACCOUNT, RUN_KEY, "stop")
    plain = order("plain", 10, algo="none")
    with pytest.raises(RunCancelled, match=rf"'{RUN_KEY}' was cancelled \(stop\)"):
        send(ledger, lease, plain, CHILD)
    send(ledger, lease, plain)


def test_the_exit_of_what_was_opened_is_none_of_what_is_stopped(
    ledger: Ledger, lease: Lease
) -> None:
    cancel_run(ledger, ACCOUNT, RUN_KEY, "stop")
    require_not_stopped(ledger, ACCOUNT, ["exit"])
    with pytest.raises(RunCancelled):
        require_not_stopped(ledger, ACCOUNT, ["exit", CHILD.client_order_id])
