"""What the server's statistics do not know yet, an account or a plan, is taken for next to nothing.

A join that would do for that would go through all of it once for each row.
"""

import time
from collections.abc import Callable, Sequence

import pytest
from rows_read import rows_read
from working_orders import fill, happened, open_books, order, plan_orders, send

from orderworks.ledger.booked_executions import (
    booked_commissions,
    booked_executions,
    standing_reports,
)
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import book
from orderworks.ledger.orders import OrderRecord
from orderworks.model.state import OrderEvent as E
from orderworks.model.state import OrderState as S

MANY = 500
LINEAR = 10 * MANY
"""At most so many rows are read for ``MANY`` executions, each corrected; quadratic is MANY * MANY."""

KNOWN, NEW = "known", "new"


def add_executions(ledger: Ledger, account: str) -> list[str]:
    """Executions of an account, and a correction of each; the names of all."""
    names = [f"{account}.{number}" for number in range(MANY)]
    corrections = [f"{name}.corrected" for name in names]
    with ledger.transaction():
        # They stand for themselves: there are no orders here that they would move.
        ledger.execute("SET LOCAL session_replication_role = replica")
        for told, replaced in ((names, [None] * MANY), (corrections, names)):
            ledger.execute(
                "INSERT INTO fills (account, exec_id, client_order_id, symbol, side, quantity, price, "
                "commission, ts, replaces) SELECT %s, told, told, 'AAPL', 'buy', 10, 100, 1, now(), replaced "
                "FROM unnest(%s::text[], %s::text[]) AS one (told, replaced)",
                (account, told, replaced),
            )
    return names + corrections


@pytest.fixture
def names(ledger: Ledger) -> list[str]:
    """What the new account has, which has come since the statistics were made."""
    add_executions(ledger, KNOWN)
    ledger.execute("ANALYZE fills")
    return add_executions(ledger, NEW)


@pytest.mark.parametrize("asked", [booked_executions, booked_commissions, standing_reports])
def test_each_execution_is_read_a_few_times(
    ledger: Ledger, names: list[str], asked: Callable[[Ledger, str, list[str]], dict[str, object]]
) -> None:
    found: dict[str, object] = {}
    assert rows_read(ledger, lambda: found.update(asked(ledger, NEW, names)), "fills") <= LINEAR
    corrected = names[:MANY]
    expected = {
        booked_executions: dict.fromkeys(names, 10),
        booked_commissions: dict.fromkeys(corrected) | dict.fromkeys(names[MANY:], 1),
        standing_reports: dict(zip(corrected, names[MANY:], strict=True)),
    }
    assert found == expected[asked]


def test_each_execution_is_listed_with_a_look_at_its_correction(
    ledger: Ledger, names: list[str]
) -> None:
    listed = "SELECT exec_id FROM executions WHERE account = %s"
    found: list[str] = []

    def ask() -> None:
        found.extend(row["exec_id"] for row in ledger.execute(listed, (NEW,)))

    assert rows_read(ledger, ask, "fills") <= LINEAR
    assert sorted(found) == sorted(names[MANY:])


ORDERS = 4_000
LONGER = 8
"""At most so many times as long as with statistics that know the plan; all for each takes fifteen times."""


def plan_alone(ledger: Ledger, name: str, count: int = ORDERS) -> list[OrderRecord]:
    """Plans orders that are sent whole, as they are."""
    planned = [order(f"{name}{number}", 10, algo="none") for number in range(count)]
    plan_orders(ledger, *planned, run_key=f"{name} run")
    return planned


def seconds_to_work(ledger: Ledger, lease: Lease, orders: Sequence[OrderRecord]) -> float:
    """How long it takes to permit orders, and to book that they were received and filled."""
    names = [one.client_order_id for one in orders]
    received = [one for name in names for one in happened(name, E.ACKNOWLEDGE, start=S.PENDING)]
    fills = [fill(f"x-{name}", name, 10) for name in names]
    begun = time.perf_counter()
    send(ledger, lease, *orders)
    book(ledger, lease, received)
    book(ledger, lease, [], fills)
    return time.perf_counter() - begun


def test_working_a_new_plan_takes_as_long_as_one_that_is_known(ledger: Ledger) -> None:
    lease = open_books(ledger)
    # Where it expects one row, either kind of join costs the same to the planner.
    ledger.execute("SET enable_hashjoin = off")
    seconds_to_work(ledger, lease, plan_alone(ledger, "earlier", 100))
    # Of all that there is, nothing waits: that is what the statistics now say.
    ledger.execute("ANALYZE")
    unknown = seconds_to_work(ledger, lease, plan_alone(ledger, "unknown"))
    orders = plan_alone(ledger, "known")
    ledger.execute("ANALYZE")
    known = seconds_to_work(ledger, lease, orders)
    assert unknown < LONGER * known
