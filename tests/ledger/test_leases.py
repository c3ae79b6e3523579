"""Who may send: one worker an account, proven by a token, and nobody while the switch is thrown."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from threading import Barrier
from time import monotonic, sleep

import psycopg
import pytest
from working_orders import (
    ACCOUNT,
    at,
    count,
    family,
    fill,
    open_books,
    order,
    plan_orders,
    release,
    send,
    state_of,
)

from orderworks.ledger.accounts import open_account
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.controls import (
    EVERY_ACCOUNT,
    Killed,
    kill_reason,
    kill_switch,
    require_not_killed,
    resume,
    throw_kill_switch,
)
from orderworks.ledger.leases import (
    Lease,
    give_back,
    lease_holder,
    renew_lease,
    require_lease,
    take_lease,
)
from orderworks.ledger.movements import add_orders, book, permit
from orderworks.ledger.orders import OrderRecord, orders_by_id
from orderworks.model.errors import IllegalTransition, InputError, KillSwitchThrown, LeaseLost
from orderworks.settings import load_settings

PATIENCE = 10.0
"""Seconds that a thing which must happen is waited for."""


@pytest.fixture
def other(ledger_url: str) -> Iterator[Ledger]:
    """A second worker's connection."""
    with open_ledger(ledger_url) as opened:
        yield opened


@pytest.fixture
def account(ledger: Ledger) -> str:
    """An account that nobody has worked yet."""
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    return ACCOUNT


def held(taken: Lease | None) -> Lease:
    assert taken is not None
    return taken


def eventually(ask: Callable[[], Lease | None]) -> Lease:
    give_up = monotonic() + PATIENCE
    while (taken := ask()) is None and monotonic() < give_up:
        sleep(0.01)
    return held(taken)


def wait_for_a_waiter(ledger: Ledger) -> None:
    """Returns when another connection waits for a lock."""
    give_up = monotonic() + PATIENCE
    while monotonic() < give_up:
        found = ledger.execute("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1").fetchone()
        if found is not None:
            return
        sleep(0.005)
    raise AssertionError("nobody waits")


# One worker ------------------------------------------------------------------------------------


def test_one_worker_at_a_time(ledger: Ledger, other: Ledger, account: str) -> None:
    lease = held(take_lease(ledger, account, "the first", 60))
    assert take_lease(other, account, "the second", 60) is None
    assert lease_holder(other, account) == "the first"
    open_account(ledger, "SIM-2", "simulated", "simulated")
    assert held(take_lease(other, "SIM-2", "the second", 60)).token == 1

    give_back(ledger, lease)
    assert lease_holder(other, account) is None
    assert held(take_lease(other, account, "the second", 60)).token == lease.token + 1


def test_every_taking_raises_the_token(ledger: Ledger, other: Ledger, account: str) -> None:
    tokens = []
    for worker in (ledger, ledger, other, ledger):
        lease = held(take_lease(worker, account, "a worker", 60))
        tokens.append(lease.token)
        if worker is not ledger or len(tokens) > 1:
            give_back(worker, lease)
    assert tokens == [1, 2, 3, 4]


def test_a_lease_runs_out(ledger: Ledger, other: Ledger, account: str) -> None:
    old = held(take_lease(ledger, account, "the first", 0.1))
    new = eventually(lambda: take_lease(other, account, "the second", 60))
    assert new.token == old.token + 1
    with pytest.raises(LeaseLost, match="now worked by the second"):
        renew_lease(ledger, old)


def test_a_renewed_lease_goes_on(ledger: Ledger, other: Ledger, account: str) -> None:
    lease = held(take_lease(ledger, account, "the first", 0.5))
    for _ in range(4):
        sleep(0.2)
        renew_lease(ledger, lease)
        assert take_lease(other, account, "the second", 60) is None


@pytest.mark.parametrize("end", ["closed", "terminated"])
def test_a_lease_ends_with_its_holders_connection(
    ledger: Ledger, ledger_url: str, account: str, end: str
) -> None:
    holder = open_ledger(ledger_url)
    old = held(take_lease(holder, account, "the first", 3600))
    assert take_lease(ledger, account, "the second", 60) is None
    if end == "terminated":
        ledger.execute("SELECT pg_terminate_backend(%s)", (holder.info.backend_pid,))
    else:
        holder.close()
    new = eventually(lambda: take_lease(ledger, account, "the second", 60))
    assert new.token == old.token + 1
    if end == "terminated":
        with pytest.raises(psycopg.OperationalError):
            holder.execute("SELECT 1")
        holder.close()


def test_one_of_many_gets_it(ledger_url: str, account: str) -> None:
    workers = 8
    with ExitStack() as opened, ThreadPoolExecutor(workers) as threads:
        ledgers = [opened.enter_context(open_ledger(ledger_url)) for _ in range(workers)]
        together = Barrier(workers)

        def take(number: int) -> Lease | None:
            together.wait(PATIENCE)
            return take_lease(ledgers[number], account, f"worker {number}", 60)

        for round_number in range(1, 6):
            taken = list(threads.map(take, range(workers)))
            (winner,) = [place for place, lease in enumerate(taken) if lease is not None]
            assert held(taken[winner]).token == round_number
            assert lease_holder(ledgers[0], account) == f"worker {winner}"
            give_back(ledgers[winner], held(taken[winner]))


# What the token guards -------------------------------------------------------------------------

WRITTEN = ("order_events", "send_attempts", "fills", "orders")


def written(ledger: Ledger) -> list[object]:
    """Everything that a worker's writing would change."""
    found: list[object] = [count(ledger, table) for table in WRITTEN]
    found += ledger.execute(
        "SELECT client_order_id, state, quantity, attempts, filled_quantity, released_at "
        "FROM orders ORDER BY client_order_id"
    ).fetchall()
    found += ledger.execute("SELECT balance FROM cash ORDER BY account").fetchall()
    return found


def sweep_of(ledger: Ledger, name: str) -> OrderRecord:
    """A sweep of p, which is planned."""
    parent = orders_by_id(ledger, ["p"])["p"]
    return replace(
        parent,
        client_order_id=name,
        parent_id="p",
        slice_index=9,
        route_rule="SWEEP",
        due_at=at(290),
    )


def test_who_has_lost_the_lease_writes_nothing(ledger: Ledger, other: Ledger) -> None:
    old = open_books(ledger)
    parent, first, second = family("p", 60, 40)
    plan_orders(ledger, parent, first, second)
    send(ledger, old, first)
    give_back(ledger, old)
    late = sweep_of(ledger, "p-9")
    before = written(ledger)
    for successor in (None, "the second"):
        if successor:
            new = held(take_lease(other, ACCOUNT, successor, 60))
        sentence = "now worked by the second" if successor else "ran out"
        sent = [release("p-1", 40)]
        with pytest.raises(LeaseLost, match=sentence):
            permit(ledger, old, sent, at(60))
        with pytest.raises(LeaseLost, match=sentence):
            book(ledger, old, [], [fill("x1", "p-0", 1)])
        with pytest.raises(LeaseLost, match=sentence):
            add_orders(ledger, old, [late])
        with pytest.raises(LeaseLost, match=sentence):
            renew_lease(ledger, old)
        assert written(ledger) == before

    book(other, new, [], [fill("x1", "p-0", 1)])
    add_orders(other, new, [late, late])
    assert count(other, "orders") == 4


def test_nobody_takes_over_in_the_middle_of_a_booking(
    ledger: Ledger, other: Ledger, account: str
) -> None:
    old = held(take_lease(ledger, account, "the first", 0.2))
    with ThreadPoolExecutor(1) as threads:
        with ledger.transaction():
            require_lease(ledger, old)
            sleep(0.25)
            later = threads.submit(take_lease, other, account, "the second", 60)
            wait_for_a_waiter(ledger)
            assert not later.done()
        assert held(later.result(PATIENCE)).token == old.token + 1


def test_a_worker_that_stops_in_the_middle_of_a_booking_is_cut_off(ledger: Ledger) -> None:
    """Else it would hold its locks, and with them the account, for as long as it hangs."""
    found = ledger.execute(
        "SELECT setting::int / 1000.0 AS seconds FROM pg_settings "
        "WHERE name = 'idle_in_transaction_session_timeout'"
    ).fetchone()
    assert found is not None
    assert 0 < found["seconds"] <= load_settings().lease.ttl_seconds


def test_what_has_left_is_not_permitted_again(ledger: Ledger) -> None:
    lease = open_books(ledger)
    parent, first, second = family("p", 60, 40)
    plan_orders(ledger, parent, first, second)
    send(ledger, lease, first)
    before = written(ledger)
    for again, why in (
        ([release("p-0", 60, 1)], r"none of 1 orders .*\(p-0, 1\) already exists"),
        ([release("p-0", 60, 2)], "now: 1 of them have left already"),
        ([release("p-1", 40, 2)], "now: 1 of them have left already"),
        (
            [release("p-1", 40), release("nobody", 1)],
            "none of 2 orders .* now: 1 of them have left already",
        ),
    ):
        with pytest.raises(IllegalTransition, match=why):
            permit(ledger, lease, again, at(60))
    assert written(ledger) == before


def test_one_that_preempts_stops_whoever_holds_it(ledger: Ledger, other: Ledger) -> None:
    first = open_books(ledger)
    plan_orders(ledger, order("p", 10), order("p-0", 10))
    assert take_lease(other, ACCOUNT, "a second", 60) is None
    taken = take_lease(other, ACCOUNT, "the kill switch", 60, preempts=True)
    assert taken is not None
    assert taken.token == first.token + 1
    with pytest.raises(LeaseLost, match="now worked by the kill switch"):
        send(ledger, first, order("p-0", 10))
    send(other, taken, order("p-0", 10))


# The kill switch -------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", [ACCOUNT, EVERY_ACCOUNT])
def test_nothing_is_permitted_while_the_switch_is_thrown(ledger: Ledger, switch: str) -> None:
    lease = open_books(ledger)
    plan_orders(ledger, order("p", 10), order("p-0", 10))
    throw_kill_switch(ledger, "SIM-2", "another account's")
    throw_kill_switch(ledger, switch, " the model is wrong ")
    assert kill_reason(ledger, ACCOUNT) == "the model is wrong"
    before = written(ledger)
    with pytest.raises(KillSwitchThrown, match=r"the model is wrong.*orderworks resume"):
        send(ledger, lease, order("p-0", 10))
    assert written(ledger) == before

    resume(ledger, switch, "it was a test")
    send(ledger, lease, order("p-0", 10))
    assert state_of(ledger, "p-0") == "PENDING"
    assert kill_reason(ledger, ACCOUNT) is None
    history = ledger.execute(
        "SELECT killed, reason FROM control_events WHERE account = %s ORDER BY id", (switch,)
    ).fetchall()
    assert history == [
        {"killed": True, "reason": "the model is wrong"},
        {"killed": False, "reason": "it was a test"},
    ]


@pytest.mark.parametrize("before", ["never used", "resumed"])
def test_no_send_is_permitted_once_the_switch_is_thrown(
    ledger: Ledger, other: Ledger, before: str
) -> None:
    """Throwing waits for the permits under way, so that none commits after it has returned."""
    if before == "resumed":
        throw_kill_switch(ledger, ACCOUNT, "a test")
        resume(ledger, ACCOUNT, "a test")
    with ThreadPoolExecutor(1) as threads:
        with ledger.transaction():
            require_not_killed(ledger, ACCOUNT, [])
            thrown: Future[datetime] = threads.submit(throw_kill_switch, other, ACCOUNT, "stop")
            wait_for_a_waiter(ledger)
            assert not thrown.done()
        thrown.result(PATIENCE)
    with ledger.transaction(), pytest.raises(KillSwitchThrown):
        require_not_killed(ledger, ACCOUNT, [])


def test_a_killed_account_that_is_to_be_flattened_sends_what_flattens_it_and_nothing_else(
    ledger: Ledger,
) -> None:
    lease = open_books(ledger)
    closing = order("q", 10, algo="none", route_rule="FLATTEN")
    plan_orders(ledger, order("p", 10), order("p-0", 10), closing)
    throw_kill_switch(ledger, ACCOUNT, "the model is wrong", flatten=True)
    for orders in ([order("p-0", 10)], [order("p-0", 10), closing]):
        with pytest.raises(KillSwitchThrown):
            send(ledger, lease, *orders)
    send(ledger, lease, closing)
    assert (state_of(ledger, "q"), state_of(ledger, "p-0")) == ("PENDING", "NEW")

    # Thrown again it is still to be flattened; another switch that is not, stops that as well.
    throw_kill_switch(ledger, ACCOUNT, "and again")
    assert kill_switch(ledger, ACCOUNT) == Killed("and again", flatten=True)
    throw_kill_switch(ledger, EVERY_ACCOUNT, "the exchange is wrong")
    assert kill_switch(ledger, ACCOUNT) == Killed("and again", flatten=False)
    resume(ledger, EVERY_ACCOUNT, "it was not")
    resume(ledger, ACCOUNT, "it is right now")
    throw_kill_switch(ledger, ACCOUNT, "only stop")
    assert kill_switch(ledger, ACCOUNT) == Killed("only stop", flatten=False)


def test_thrown_again_for_the_same_reason_it_stays_as_it_was_thrown(ledger: Ledger) -> None:
    thrown = throw_kill_switch(ledger, ACCOUNT, "the feed is wrong")
    assert throw_kill_switch(ledger, ACCOUNT, "the feed is wrong") == thrown
    to_flatten = throw_kill_switch(ledger, ACCOUNT, "the feed is wrong", flatten=True)
    assert to_flatten > thrown
    assert throw_kill_switch(ledger, ACCOUNT, " the feed is wrong ") == to_flatten
    assert kill_switch(ledger, ACCOUNT) == Killed("the feed is wrong", flatten=True)
    resume(ledger, ACCOUNT, "the feed is wrong")
    assert kill_switch(ledger, ACCOUNT) is None
    assert throw_kill_switch(ledger, ACCOUNT, "the feed is wrong") > to_flatten


def test_workers_of_several_accounts_do_not_wait_for_each_other(
    ledger: Ledger, other: Ledger
) -> None:
    with ledger.transaction():
        require_not_killed(ledger, ACCOUNT, [])
        with other.transaction():
            other.execute("SET LOCAL lock_timeout = '2s'")
            require_not_killed(other, "SIM-2", [])


def test_the_switch_needs_a_reason(ledger: Ledger) -> None:
    for act in (throw_kill_switch, resume):
        with pytest.raises(InputError, match="needs a reason"):
            act(ledger, ACCOUNT, "  ")
    assert count(ledger, "controls") == 0
